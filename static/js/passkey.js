// Asks the device for a passkey (Web Authentication), writes the answer into the form around the button, and sends it.
// Nothing is fetched: the page brings the question, and the form takes the answer.

const octets = (text) => {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
};
const written = (buffer) => {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};
const named = (list) => (list ?? []).map((one) => ({ ...one, id: octets(one.id) }));

const asked = (question) => ({
  ...question,
  challenge: octets(question.challenge),
  ...(question.user && { user: { ...question.user, id: octets(question.user.id) } }),
  ...(question.allowCredentials && { allowCredentials: named(question.allowCredentials) }),
  ...(question.excludeCredentials && { excludeCredentials: named(question.excludeCredentials) }),
});

const answered = ({ id, rawId, type, response }) => {
  const told = { clientDataJSON: written(response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[part]) told[part] = written(response[part]);
  }
  return JSON.stringify({ id, rawId: written(rawId), type, response: told });
};

for (const box of document.querySelectorAll("[data-passkey]")) {
  const button = box.querySelector("button");
  const told = box.querySelector("[role=status]");
  const form = box.closest("form");
  const ask = async () => {
    const publicKey = asked(JSON.parse(box.dataset.question));
    const answer = await navigator.credentials[box.dataset.passkey]({ publicKey });
    form.elements[box.dataset.field].value = answered(answer);
  };
  const give = async () => {
    button.disabled = true;
    told.textContent = box.dataset.waits;
    try {
      await ask();
    } catch (reason) {
      told.textContent = reason.name === "InvalidStateError" ? box.dataset.known : box.dataset.stopped;
      button.disabled = false;
      button.focus();
      return;
    }
    told.textContent = "";
    form.requestSubmit(form.querySelector("button[type=submit]"));
  };

  if (window.PublicKeyCredential) {
    told.textContent = "";
    button.hidden = false;
    button.addEventListener("click", give);
  } else {
    told.textContent = box.dataset.missing;
  }
}

// A page that comes back from the browser's memory has an answer that was taken, and buttons that were pressed.
window.addEventListener("pageshow", ({ persisted }) => {
  if (persisted && document.querySelector("[data-passkey]")) location.reload();
});
