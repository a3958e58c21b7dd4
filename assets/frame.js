/* What the frame does in the browser: the tab's title, the menus of the top bar that change the address, and what is
 * said when the server is gone or no longer knows this browser. */
"use strict";

window.dash_clientside = Object.assign({}, window.dash_clientside, {
  frame: {
    showTitle(title) {
      document.title = title ? `${title} - Vibench` : "Vibench";
      return window.dash_clientside.no_update;
    },
  },
});

(function () {
  const QUERY_OF = { "selected-recording": "recording", "selected-network": "model" };

  const UNREACHABLE = {
    namespace: "dash_html_components",
    type: "Div",
    props: { className: "notice notice-bad", role: "alert", children: "The server does not answer. Start it again, then reload." },
  };

  /* Tells the server by which clock to write times. */
  document.cookie = `zone=${Intl.DateTimeFormat().resolvedOptions().timeZone}; path=/; max-age=31536000; samesite=strict`;

  const ask = window.fetch;

  /* What an open page asks by itself is nothing to be told about when it fails: the next thing that the user does is. */
  const asksByItself = ([, options]) => String(options?.body).startsWith('{"output":"..jobs-revision.data');
  async function askQuietly(request) {
    const nothing = new Response(null, { status: 204 });
    return ask(...request).then((answer) => (answer.ok ? answer : nothing), () => nothing);
  }

  window.fetch = async (...request) => {
    if (asksByItself(request)) return askQuietly(request);
    try {
      const answer = await ask(...request);
      if (answer.status === 401) window.location.reload(); // which leads to the login and back
      return answer;
    } catch (error) {
      if (error instanceof TypeError) window.dash_clientside.set_props("problem", { children: UNREACHABLE });
      throw error;
    }
  };

  document.addEventListener("change", (event) => {
    const name = QUERY_OF[event.target.id];
    if (!name) return;
    const query = new URLSearchParams(window.location.search);
    if (event.target.value === "none") query.delete(name);
    else query.set(name, event.target.value);
    const search = query.toString().replaceAll("%2F", "/"); // readable: model=wdcnn/onnx
    window.dash_clientside.set_props("address", { search: search ? `?${search}` : "" });
  });
})();
