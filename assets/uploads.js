/* Uploads of recordings: many at once, paused and resumed, also after a reload or a restart of the server.
 *
 * Draws into every element of class "uploader" (dashboard/components/uploader.py) and sends with tus-js-client to
 * /uploads (dashboard/uploads.py). The uploads live here, not in the element, so they go on while other pages are
 * shown. A finished one is told to Dash through the store "uploads-done". */
"use strict";

(function () {
  const AT_ONCE = 3;
  const CHUNK_BYTES = 16 * 2 ** 20;
  const RETRY_DELAYS_MS = [0, 500, 1000, 2000, 3000, 5000, 8000];
  const DONE_STAYS_MS = 6000;
  const DRAW_EVERY_MS = 200;
  const KEPT_MS = 24 * 3600 * 1000;

  /* One entry a file: {file, name, size, sent, rate, state, sentence, upload, kept}, where state is
   * waiting, sending, paused, reading, done, failed or kept (begun before a reload). */
  const entries = [];
  let list = null;
  let drawing = false;

  /* Words */

  const megabytes = (bytes) => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);

  function duration(seconds) {
    if (seconds < 60) return `${Math.max(1, Math.ceil(seconds))} s`;
    return seconds < 3600 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
  }

  function account(entry) {
    if (entry.sentence) return entry.sentence;
    if (entry.state === "waiting") return `${megabytes(entry.size)} MB, waits for the others`;
    if (entry.state === "reading") return "sent, being read";
    if (entry.state === "paused") return `${megabytes(entry.sent)} of ${megabytes(entry.size)} MB kept on the server`;
    const done = `${megabytes(entry.sent)} of ${megabytes(entry.size)} MB`;
    if (!entry.rate) return done;
    return `${done}, ${megabytes(entry.rate)} MB/s, ${duration((entry.size - entry.sent) / entry.rate)} left`;
  }

  /* Sending */

  function add(files, limit) {
    for (const file of files) {
      const entry = { file, name: file.name, size: file.size, sent: 0, rate: 0, state: "waiting", sentence: "" };
      drop((other) => other.kept && other.name === file.name && other.size === file.size);
      entries.push(entry);
      if (file.size > limit) {
        fail(entry, `${megabytes(file.size)} MB is more than the ${megabytes(limit)} MB that this server takes. Cut it.`);
      }
    }
    sendNext();
  }

  function drop(unwanted) {
    for (let i = entries.length - 1; i >= 0; i--) if (unwanted(entries[i])) entries.splice(i, 1);
    draw();
  }

  function sendNext() {
    let busy = entries.filter((entry) => entry.state === "sending" || entry.state === "reading").length;
    for (const entry of entries) {
      if (busy >= AT_ONCE) break;
      if (entry.state !== "waiting") continue;
      busy += 1;
      send(entry);
    }
    draw();
  }

  async function send(entry) {
    entry.state = "sending";
    entry.sentence = "";
    entry.upload = entry.upload || prepare(entry);
    const earlier = await entry.upload.findPreviousUploads();
    if (entry.state !== "sending") return; // paused meanwhile
    if (earlier.length && !entry.upload.url) entry.upload.resumeFromPreviousUpload(earlier[earlier.length - 1]);
    entry.upload.start();
  }

  function prepare(entry) {
    let last = null;
    return new window.tus.Upload(entry.file, {
      endpoint: "/uploads",
      chunkSize: CHUNK_BYTES,
      retryDelays: RETRY_DELAYS_MS,
      removeFingerprintOnSuccess: true,
      metadata: { filename: entry.name },
      onProgress(sent) {
        const now = performance.now();
        if (last && sent > last.sent && now > last.at) {
          const rate = (1000 * (sent - last.sent)) / (now - last.at);
          entry.rate = entry.rate ? 0.8 * entry.rate + 0.2 * rate : rate;
        }
        last = { sent, at: now };
        entry.sent = sent;
        if (sent === entry.size && entry.state === "sending") entry.state = "reading";
        draw();
      },
      onSuccess: () => askOutcome(entry),
      onError: (error) => explain(entry, error),
    });
  }

  async function askOutcome(entry) {
    entry.state = "reading";
    draw();
    try {
      const id = entry.upload.url.split("/").pop();
      const answer = await fetch(`/uploads/${id}/outcome`);
      const outcome = await answer.json();
      if (answer.status >= 500) {
        entry.state = "paused"; // there was no room for it; what was sent is kept
        entry.sentence = outcome.error.message;
      } else if (outcome.error) {
        fail(entry, outcome.error.message);
      } else {
        entry.state = "done";
        entry.sentence = outcome.duplicate ? `is here already, as ${outcome.name}` : "added";
        window.dash_clientside.set_props("uploads-done", { data: { upload: id, ...outcome } });
        setTimeout(() => drop((other) => other === entry), DONE_STAYS_MS);
      }
    } catch (error) {
      fail(entry, "The server did not say what became of it. Choose the file again.");
    }
    sendNext();
  }

  function fail(entry, sentence) {
    entry.state = "failed";
    entry.sentence = sentence;
    draw();
  }

  function explain(entry, error) {
    const answer = error.originalResponse;
    if (!answer || answer.getStatus() >= 500) {
      entry.state = "paused"; // what was sent is kept, so nothing is lost
      entry.sentence = messageOf(answer) || "The server does not answer; resume when it is back.";
    } else if (answer.getStatus() === 401) {
      fail(entry, "You are signed out. Load the page again, then choose the file again.");
    } else {
      fail(entry, messageOf(answer) || `The server refused it (${answer.getStatus()}).`);
    }
    sendNext();
  }

  function messageOf(answer) {
    try {
      return JSON.parse(answer.getBody()).error.message;
    } catch (error) {
      return "";
    }
  }

  function pause(entry) {
    entry.state = "paused";
    entry.rate = 0;
    if (entry.upload) entry.upload.abort();
    sendNext();
  }

  function resume(entry) {
    entry.state = "waiting";
    entry.sentence = "";
    sendNext();
  }

  function remove(entry) {
    const sending = entry.upload && entry.upload.url && entry.state !== "failed" && entry.state !== "done";
    if (sending) entry.upload.abort(true).catch(() => {}); // it expires where the server can't be told
    else if (entry.upload) entry.upload.abort();
    if (entry.kept) {
      window.tus.Upload.terminate(entry.kept.uploadUrl).catch(() => {});
      window.tus.defaultOptions.urlStorage.removeUpload(entry.kept.urlStorageKey);
    }
    drop((other) => other === entry);
    sendNext();
  }

  /* What was begun before a reload; only the user can give the file again. */
  async function recall() {
    if (!window.tus || !window.tus.canStoreURLs) return;
    for (const kept of await window.tus.defaultOptions.urlStorage.findAllUploads()) {
      if (Date.now() - new Date(kept.creationTime).getTime() > KEPT_MS) {
        window.tus.defaultOptions.urlStorage.removeUpload(kept.urlStorageKey);
        continue;
      }
      const sentence = "begun before; choose the file again to resume";
      entries.push({ name: kept.metadata.filename, size: kept.size, sent: 0, state: "kept", sentence, kept });
    }
    draw();
  }

  /* Drawing */

  function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  const icon = (name) => element("span", { class: `icon icon-${name}`, "aria-hidden": "true" });

  function action(text, symbol, entry, act) {
    const made = element("button", { type: "button", class: "button button-small", "aria-label": `${text} ${entry.name}` });
    made.append(icon(symbol), element("span", {}, text));
    made.addEventListener("click", () => act(entry));
    return made;
  }

  function drawEntry(entry) {
    if (!entry.row) {
      entry.progress = element("progress", { max: "1", "aria-label": `Upload of ${entry.name}` });
      entry.words = element("span", { class: "note number", role: "status" });
      entry.buttons = element("div", { class: "button-row" });
      const head = element("div", { class: "upload-head" }, element("span", { class: "upload-name" }, entry.name), entry.words);
      entry.row = element("li", {}, head, element("div", { class: "upload-foot" }, entry.progress, entry.buttons));
    }
    entry.progress.value = entry.size ? entry.sent / entry.size : 1;
    entry.progress.className = entry.state === "paused" || entry.state === "kept" ? "paused" : "";
    entry.row.className = entry.state;
    entry.progress.hidden = entry.state === "failed" || entry.state === "done" || entry.state === "kept";
    entry.words.textContent = account(entry);
    entry.words.className = `note number ${{ failed: "tone-bad", done: "tone-good" }[entry.state] || ""}`;
    if (entry.drawn === entry.state) return; // a button that is replaced loses the keyboard's focus
    entry.drawn = entry.state;
    const buttons = [];
    if (entry.state === "sending" || entry.state === "waiting") buttons.push(action("Pause", "pause-fill", entry, pause));
    if (entry.state === "paused") buttons.push(action("Resume", "play-fill", entry, resume));
    if (entry.state !== "reading") buttons.push(action(entry.state === "failed" ? "Dismiss" : "Remove", "x-lg", entry, remove));
    entry.buttons.replaceChildren(...(entry.state === "done" ? [] : buttons));
  }

  function draw() {
    if (drawing) return;
    drawing = true;
    setTimeout(() => {
      drawing = false;
      if (!list || !list.isConnected) return;
      entries.forEach(drawEntry);
      const rows = entries.map((entry) => entry.row);
      if (rows.length !== list.children.length || rows.some((row, i) => row !== list.children[i])) list.replaceChildren(...rows);
      list.parentElement.classList.toggle("uploading", rows.length > 0);
    }, DRAW_EVERY_MS);
  }

  /* The element: a file dialogue and a place to drop on, both on one label. */
  function furnish(container) {
    const limit = Number(container.dataset.limit);
    const input = element("input", { type: "file", multiple: "", class: "visually-hidden", id: `${container.id}-files` });
    if (container.dataset.suffixes) input.accept = container.dataset.suffixes;
    const size = limit < 1e9 ? `${megabytes(limit)} MB` : `${(limit / 1e9).toFixed(1)} GB`;
    const zone = element(
      "label",
      { class: "drop-zone" },
      input,
      element("span", { class: "button" }, icon("upload"), element("span", {}, "Choose files")),
      element("span", { class: "note" }, `or drop them here: ${container.dataset.formats}, up to ${size} each`)
    );
    input.addEventListener("change", () => {
      add([...input.files], limit);
      input.value = ""; // the same file may be chosen again
    });
    list = element("ul", { class: "upload-list", "aria-label": "Uploads" });
    container.replaceChildren(zone, list);
    entries.forEach((entry) => (entry.drawn = null));
    draw();
  }

  const present = () => document.querySelector(".uploader");

  new MutationObserver(() => {
    const container = present();
    if (container && !container.firstChild) furnish(container);
  }).observe(document.documentElement, { childList: true, subtree: true });

  /* A file that misses the zone must not replace the page. */
  document.addEventListener("dragover", (event) => {
    if (!present() || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    present().classList.add("dragging");
  });
  for (const name of ["dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      if (present() && (name === "drop" || !event.relatedTarget)) present().classList.remove("dragging");
    });
  }
  document.addEventListener("drop", (event) => {
    if (!present() || !event.dataTransfer.files.length) return;
    event.preventDefault();
    add([...event.dataTransfer.files], Number(present().dataset.limit));
  });
  window.addEventListener("beforeunload", (event) => {
    if (entries.some((entry) => entry.state === "sending")) event.preventDefault();
  });

  recall();
})();
