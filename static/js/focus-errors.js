// What comes first (an error summary, a conflict, the way out of a dangerous act) gets the focus when the page opens;
// with `data-focus-still` the page stays where it is. The links of a summary lead into the faulty field, its label in view.

const first = document.querySelector("[data-focus-on-load]");
first?.focus({ preventScroll: first.hasAttribute("data-focus-still") });

for (const link of document.querySelectorAll(".error-summary a[href^='#']")) {
  link.addEventListener("click", (event) => {
    const field = document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    (field.closest(".field") ?? field).scrollIntoView({ block: "start" });
    field.focus({ preventScroll: true });
  });
}
