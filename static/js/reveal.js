// "Show" beside a password. It is hidden again before the form is sent, so that the browser does not remember it as text.

for (const box of document.querySelectorAll("[data-reveal]")) {
  const input = box.querySelector("input");
  const button = document.createElement("button");
  const show = (shown) => {
    input.type = shown ? "text" : "password";
    button.textContent = shown ? box.dataset.hide : box.dataset.show;
    button.setAttribute("aria-label", `${button.textContent}: ${box.dataset.what}`);
  };

  button.type = "button";
  button.className = "reveal-button";
  button.setAttribute("aria-controls", input.id);
  show(false);
  button.addEventListener("click", () => show(input.type === "password"));
  input.form?.addEventListener("submit", () => show(false));
  box.append(button);
}
