/* A control that rebuilds the page it stands on keeps the keyboard's focus: it is given back to the new one. */
"use strict";

(function () {
  let used = null;

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
