/* Copies ``data-copy``, or the text of the element that ``data-copy-from`` names, when its button is pressed. */
"use strict";

(function () {
  const SAID_MS = 1500;

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

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-copy], [data-copy-from]");
    if (!button) return;
    const text = button.dataset.copy || document.getElementById(button.dataset.copyFrom).textContent;
    copy(text, button).then(() => say(button));
  });
})();
