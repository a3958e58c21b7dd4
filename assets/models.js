/* On the page of networks: copying, and where the keyboard goes on when what was pressed goes away. */
"use strict";

(function () {
  const PATIENCE_MS = 3000;
  const SAID_MS = 1500;
  const NEXT = { "models-keep": "models-remove" };

  /* Browsers keep their clipboard from pages of other machines without TLS; there what is selected can be copied. */
  async function copy(text, source) {
    if (navigator.clipboard && window.isSecureContext) {
      await navigator.clipboard.writeText(text);
      return;
    }
    const holder = document.createElement("textarea");
    holder.value = text;
    document.body.append(holder);
    holder.select();
    document.execCommand("copy");
    holder.remove();
    source.focus({ preventScroll: true });
  }

  function say(button) {
    const icon = button.querySelector(".icon");
    if (!icon) return;
    icon.classList.replace("icon-copy", "icon-check-lg");
    setTimeout(() => icon.classList.replace("icon-check-lg", "icon-copy"), SAID_MS);
  }

  /* Try anew with every frame until ``act`` has found what it waits for. */
  function wait(act, until = performance.now() + PATIENCE_MS) {
    if (!act() && performance.now() < until) requestAnimationFrame(() => wait(act, until));
  }

  function focus(id, gone) {
    wait(() => {
      const next = document.getElementById(id);
      if (!next || (gone && gone.isConnected)) return false;
      next.focus();
      return true;
    });
  }

  /* Choosing a variant builds the page anew. */
  function stayInTree(link) {
    wait(() => {
      const chosen = document.querySelector(".variant-row.chosen .variant-link");
      if (!chosen || link.isConnected) return false;
      chosen.focus({ preventScroll: true });
      return true;
    });
  }

  document.addEventListener("click", (event) => {
    const pressed = event.target instanceof Element && event.target.closest("button, a");
    if (!pressed) return;
    if (pressed.dataset.copy) copy(pressed.dataset.copy, pressed).then(() => say(pressed));
    else if (pressed.dataset.copyFrom) {
      copy(document.getElementById(pressed.dataset.copyFrom).textContent, pressed).then(() => say(pressed));
    } else if (NEXT[pressed.id]) focus(NEXT[pressed.id], pressed);
    else if (pressed.closest(".change-again")) focus("models-pass");
    else if (pressed.matches(".variant-link")) stayInTree(pressed);
  });
})();
