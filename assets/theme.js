/* Light or dark: as the system has it until the user chooses. Loaded in the head, so that no page flashes. */
"use strict";

(function () {
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      return window.localStorage.getItem("theme");
    } catch (error) {
      return null; // storage is switched off: the choice lasts as long as the page
    }
  }

  function wanted() {
    const choice = chosen();
    return choice === "light" || choice === "dark" ? choice : system.matches ? "dark" : "light";
  }

  function apply(theme) {
    root.dataset.theme = theme;
    document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=strict`; // tells the server how to draw figures
    label();
  }

  /* The switch is drawn when Dash has made it, and after every change. */
  function label() {
    const button = document.getElementById("theme-switch");
    if (!button) return;
    const dark = root.dataset.theme === "dark";
    button.innerHTML = `<span class="icon icon-${dark ? "sun" : "moon-stars"}" aria-hidden="true"></span>`;
    button.setAttribute("aria-label", dark ? "Use the light theme" : "Use the dark theme");
    button.title = button.getAttribute("aria-label");
  }

  function recoloured(value, colours) {
    if (typeof value === "string") return colours[value] || value;
    if (Array.isArray(value)) return value.map((item) => recoloured(item, colours));
    if (value && Object.getPrototypeOf(value) === Object.prototype) {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, recoloured(item, colours)]));
    }
    return value;
  }

  /* Every colour of a figure comes from one table (dashboard/components/theme.py), so it can be looked up again. */
  function recolourFigures(theme) {
    const dash = window.dash_component_api;
    const colours = dash.getLayout("colours").props.data[theme];
    document.querySelectorAll(".dash-graph").forEach((element) => {
      const graph = element.id && dash.getLayout(element.id);
      if (graph && graph.props.figure) {
        window.dash_clientside.set_props(element.id, { figure: recoloured(graph.props.figure, colours) });
      }
    });
  }

  function change(theme) {
    if (theme === root.dataset.theme) return;
    apply(theme);
    if (window.dash_component_api) recolourFigures(theme);
  }

  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || !event.target.closest("#theme-switch")) return;
    const theme = root.dataset.theme === "dark" ? "light" : "dark";
    try {
      window.localStorage.setItem("theme", theme);
    } catch (error) {
      // see chosen()
    }
    change(theme);
  });
  system.addEventListener("change", () => change(wanted()));
  new MutationObserver(() => {
    const button = document.getElementById("theme-switch");
    if (button && !button.firstChild) label();
  }).observe(root, { childList: true, subtree: true });

  apply(wanted());
})();
