// "Print this page". The button is hidden without script; the browser's own menu prints as well.

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
