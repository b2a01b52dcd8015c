// What must be read first (an error summary, a conflict) gets the focus when the page opens, and its links lead into
// the faulty field, with the label in view.

document.querySelector("[data-focus-on-load]")?.focus();

for (const link of document.querySelectorAll(".error-summary a[href^='#']")) {
  link.addEventListener("click", (event) => {
    const field = document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    (field.closest(".field") ?? field).scrollIntoView({ block: "start" });
    field.focus({ preventScroll: true });
  });
}
