/* On the page of recordings: where the keyboard goes on when what was pressed goes away, and where the list stood. */
"use strict";

(function () {
  const PATIENCE_MS = 3000;
  const NEXT = {
    "recording-use-proposal": "recording-save-and-diagnose",
    "recording-know-better": "answer-sampling-rate-hz",
    "recording-edit": "answer-sampling-rate-hz",
    "recording-cancel": "recording-edit",
    "recording-keep": "recording-delete",
  };

  const seen = (element) => element && element.isConnected && element.offsetParent !== null;
  const scroller = () => document.querySelector(".recordings-list .table-scroll");

  /* Try anew with every frame until ``act`` has found what it waits for. */
  function wait(act, until = performance.now() + PATIENCE_MS) {
    if (!act() && performance.now() < until) requestAnimationFrame(() => wait(act, until));
  }

  function focusNext(pressed) {
    wait(() => {
      const next = document.getElementById(NEXT[pressed.id]);
      if (seen(pressed) || !seen(next)) return false;
      next.focus({ preventScroll: true });
      return true;
    });
  }

  /* Choosing a row builds the page anew. */
  function stayInList(link) {
    const top = scroller().scrollTop;
    wait(() => {
      if (link.isConnected || !scroller()) return false;
      const chosen = document.querySelector("tr.chosen .row-link");
      scroller().scrollTop = top;
      if (chosen) chosen.focus({ preventScroll: true });
      return true;
    });
  }

  document.addEventListener("click", (event) => {
    const pressed = event.target instanceof Element && event.target.closest("button, .row-link");
    if (pressed && NEXT[pressed.id]) focusNext(pressed);
    else if (pressed && pressed.matches(".row-link")) stayInList(pressed);
  });
})();
