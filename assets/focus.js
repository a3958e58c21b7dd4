/* Where the keyboard goes on when what was pressed goes away, or when the page is built anew around it. */
"use strict";

(function () {
  const PATIENCE_MS = 3000;
  /* Links that choose one of a list, and the chosen one in the list that is built anew. */
  const CHOSEN = {
    ".row-link": "tr.chosen .row-link",
    ".variant-link": ".variant-row.chosen .variant-link",
  };
  let used = null;

  const seen = (element) => element && element.isConnected && element.offsetParent !== null;

  /* Try anew with every frame until ``act`` has found what it waits for. */
  function wait(act, until = performance.now() + PATIENCE_MS) {
    if (!act() && performance.now() < until) requestAnimationFrame(() => wait(act, until));
  }

  /* ``data-next`` names what has the focus after a button, or a link, has gone away. */
  function goOn(pressed) {
    const stays = pressed.matches("a") && pressed.href === window.location.href; // which changes nothing on the page
    const id = pressed.closest("[data-next]").dataset.next;
    wait(() => {
      const next = document.getElementById(id);
      if (!seen(next) || (seen(pressed) && !stays)) return false;
      next.focus({ preventScroll: !stays });
      return true;
    });
  }

  function stayInList(link, selector) {
    const scroller = link.closest(".table-scroll");
    const top = scroller ? scroller.scrollTop : 0;
    wait(() => {
      const chosen = document.querySelector(selector);
      if (link.isConnected || !chosen) return false;
      if (scroller) chosen.closest(".table-scroll").scrollTop = top;
      chosen.focus({ preventScroll: true });
      return true;
    });
  }

  /* Before Dash follows a link, so that its address can be compared. */
  document.addEventListener("click", (event) => {
    const pressed = event.target instanceof Element && event.target.closest("button, a");
    if (!pressed) return;
    if (pressed.closest("[data-next]")) goOn(pressed);
    const list = Object.keys(CHOSEN).find((one) => pressed.matches(one));
    if (list) stayInList(pressed, CHOSEN[list]);
  }, true);

  /* A control that rebuilds the page it stands on keeps the keyboard's focus: it is given back to the new one. */
  document.addEventListener("change", (event) => {
    used = event.target.id && event.target.closest("#page") ? event.target.id : null;
  });
  for (const type of ["pointerdown", "keydown"]) {
    document.addEventListener(type, () => { used = null; }, true); // the user has moved on
  }
  new MutationObserver(() => {
    if (!used || document.activeElement !== document.body) return;
    const control = document.getElementById(used);
    if (control) control.focus({ preventScroll: true });
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
