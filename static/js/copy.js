// Copy and Download beside a value. The buttons are hidden without script; the value can then be selected by hand.
// The download is made from the text on the page, so that nothing shown once is asked for twice.

for (const box of document.querySelectorAll("[data-copyable]")) {
  const source = box.querySelector("[data-copy-from]");
  const said = box.querySelector("[data-said]");

  for (const button of box.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      say(said, (await copied(source)) ? box.dataset.copied : box.dataset.selected);
    });
  }

  for (const button of box.querySelectorAll("[data-download]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      download(source.textContent, button.dataset.download);
      say(said, button.dataset.downloaded);
    });
  }
}

async function copied(source) {
  try {
    await navigator.clipboard.writeText(source.textContent);
    return true;
  } catch {
    // No permission, or not a secure page: the text stays selected, for Ctrl+C.
    getSelection().selectAllChildren(source);
    return document.execCommand("copy");
  }
}

function download(text, name) {
  const address = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

// Emptied first, so that the same words are spoken again on a second press; and gone when they are old news.
function say(place, words) {
  clearTimeout(place.oldNews);
  place.textContent = "";
  setTimeout(() => { place.textContent = words; }, 50);
  place.oldNews = setTimeout(() => { place.textContent = ""; }, 8_000);
}
