// Warns before a page is left that shows something once, or holds something typed: an element with `data-leave-guard`
// guards until a form inside it, or one marked `data-leaves`, is sent. With `data-leave-when="changed"` it guards only
// after something inside was changed. The browser shows its own words; ours stand on the page.

for (const guarded of document.querySelectorAll("[data-leave-guard]")) {
  const warn = (event) => {
    event.preventDefault();
    event.returnValue = true; // older Chromium and Safari ask for this
  };
  const guard = () => addEventListener("beforeunload", warn);
  const release = (event) => {
    if (guarded.contains(event.target) || event.target.hasAttribute("data-leaves")) removeEventListener("beforeunload", warn);
  };

  if (guarded.dataset.leaveWhen === "changed") guarded.addEventListener("input", guard, { once: true });
  else guard();
  document.addEventListener("submit", release);
}
