// The pages of sealed hand-offs: making and restoring an envelope key, sealing, opening. What is typed, made, read or
// opened stays in the page: its fields have no name and no form, and the page's policy lets scripts connect to nothing.
// A form carries what is public, or ciphertext. The sentences stand in the page, in the reader's language.

import {
  base64, comparisonWords, find, fromBase64, fromRecoveryCopy, keep, makeKey, open, opening, recoveryCopy, seal, sha256,
  signature,
} from "./envelope.js";
import * as keys from "./private-key.js";

const LARGEST_COPY = 65_536;
const OF_FILES = ["broken", "encrypted", "not-rsa", "other-format", "public-key", "several"];

function partsOf(root) {
  return (name) => root.querySelector(`[data-${name}]`);
}

// Shows the sentence of this code in `place`, and hides the others.
function sayerIn(place) {
  const sentences = [...place.querySelectorAll("[data-tells]")];
  return (code, name = "") => {
    const told = sentences.some((one) => one.dataset.tells === code) ? code : "failed";
    for (const one of sentences) {
      one.hidden = one.dataset.tells !== told || !code;
      for (const slot of one.querySelectorAll("[data-name]")) slot.textContent = name;
    }
  };
}

// What went wrong, as a code: an envelope's or a recovery copy's own, or that the browser lacks something.
function codeOf(fault) {
  return fault.code && typeof fault.code === "string" ? fault.code : fault.name === "NotSupportedError" ? "unsupported" : "failed";
}

function whenGiven(place, taken, say) {
  const input = place.querySelector("[data-file]");
  const drop = input.closest("[data-drop]");
  const one = (files) => (files.length > 1 ? say("several-files") : files.length && taken(files[0]));
  input.addEventListener("click", () => { input.value = ""; }); // the same file once more is a change, too
  input.addEventListener("change", () => one(input.files));
  drop.addEventListener("dragover", (event) => event.preventDefault());
  drop.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    one(event.dataTransfer.files);
  });
}

async function textOf(file) {
  try {
    return file.size > LARGEST_COPY ? "" : await file.text();
  } catch { // a folder, or a file that went away
    return "";
  }
}

// The envelope key in a recovery copy that was given, once it could be opened; else null, and the page says why.
async function fromCopy(file, passphrase, say) {
  if (!passphrase) return say("passphrase-missing");
  say("opening-copy");
  try {
    return await fromRecoveryCopy(await textOf(file), passphrase);
  } catch (fault) {
    return say(codeOf(fault));
  }
}

// Recovery copies that are given, each opened with the passphrase in `field`; after a wrong one, another one tries again.
function takeCopy(place, field, use, say) {
  let waiting = null;
  const take = async (file) => {
    const pair = await fromCopy(file, field.value, say);
    waiting = pair ? null : file;
    if (pair) await use(pair);
  };
  whenGiven(place, take, say);
  const again = () => waiting && take(waiting);
  field.addEventListener("change", again);
  field.addEventListener("keydown", (event) => event.key === "Enter" && again());
}

async function kept(pair, say) {
  try {
    return await keep(pair.publicKey, pair.privateKey);
  } catch {
    return say("not-kept");
  }
}

async function findHere(toKey) {
  try {
    return await find(toKey);
  } catch { // a browser that keeps nothing
    return null;
  }
}

// The comparison words, worked out from the key itself.
async function compare(place) {
  const words = await comparisonWords(fromBase64(place.dataset.wordsOf));
  const shown = [...place.querySelectorAll("li")];
  const same = shown.length === words.length && words.every((word, at) => shown[at].textContent === word);
  place.querySelector("[data-words=same]").hidden = !same;
  place.querySelector("[data-words=differ]").hidden = same;
}

async function tellWhetherHere(place) {
  const say = sayerIn(place);
  if (await findHere(place.dataset.hasKey)) say("here");
  else if (place.querySelector("[data-tells=not-here]")) say("not-here");
}

// Making an envelope key. Its private half is in this page, then in the recovery copy; once that was given back and
// opened, in the browser's store, from where no script takes it out. Who comes back with a copy goes on from there.
function prepareMaker(root) {
  const part = partsOf(root);
  const say = sayerIn(root);
  let [copy, name] = ["", ""];

  part("make").addEventListener("click", async () => {
    const passphrase = part("passphrase").value;
    if (passphrase !== part("repeated").value) return say("passphrases-differ");
    part("make").disabled = true;
    say("making");
    navigator.storage?.persist?.().catch(() => {}); // asks the browser not to forget; the copy is there if it does
    try {
      const pair = await makeKey();
      [copy, name] = [await recoveryCopy(pair, passphrase, root.dataset.what), await sha256(pair.publicKey)];
      part("save").disabled = false;
      part("save").focus();
      say("made");
    } catch (fault) {
      say(codeOf(fault));
    }
    part("make").disabled = false;
  });

  part("save").addEventListener("click", () => {
    keys.save(copy, part("save").dataset.save);
    say("saved");
  });

  takeCopy(root, part("passphrase"), async (pair) => {
    if (name && await sha256(pair.publicKey) !== name) return say("another-copy");
    if (!await kept(pair, say)) return;
    say("enrolling");
    root.querySelector("[name=public]").value = base64(pair.publicKey);
    root.querySelector("form").submit();
  }, say);
  root.hidden = false;
}

// Putting a key back into this browser.
function prepareRestorer(root) {
  const part = partsOf(root);
  const say = sayerIn(root);
  takeCopy(root, part("passphrase"), async (pair) => {
    if (await sha256(pair.publicKey) !== root.dataset.toKey) return say("another-copy");
    if (!await kept(pair, say)) return;
    say("restored");
    for (const place of document.querySelectorAll("[data-has-key]")) tellWhetherHere(place);
  }, say);
  root.hidden = false;
}

// A private key file: read, opened with its passphrase where it is locked, and `use`d when it is of the wanted pair.
function takeKeyFile(root, { wanted, known = [] }, use, lost = () => {}) {
  const part = partsOf(root);
  const say = sayerIn(root);
  let locked = "";

  async function judge(text) {
    const { findings, identity, key } = await keys.readPrivateKey(text);
    const found = findings.find((finding) => OF_FILES.includes(finding));
    locked = findings[0] === "encrypted" ? text : "";
    part("unlock").hidden = !locked;
    const other = known.find((one) => one.sha256 === identity && identity !== wanted);
    if (locked) say("encrypted");
    else if (!key) say(found ?? "not-a-key");
    else if (other) say("known-pair", other.name);
    else if (identity !== wanted) say("another-pair");
    else await use(text, say);
  }

  async function unlock() {
    const opened = await keys.openLocked(locked, part("lock-passphrase").value);
    if (opened.text) await judge(opened.text);
    else say(opened.finding === "wrong-passphrase" ? "wrong-passphrase" : "locked-for-good");
  }

  part("unlocks").addEventListener("click", unlock);
  part("lock-passphrase").addEventListener("keydown", (event) => {
    if (event.key === "Enter") unlock();
  });
  whenGiven(root, async (file) => {
    lost();
    say("reading");
    await judge((await keys.readKeyFile(file)).text);
  }, say);
  return say;
}

// Sealing to the receiver's key.
function prepareSealer(root) {
  const part = partsOf(root);
  const [bound, known, to] = [JSON.parse(root.dataset.bound), JSON.parse(root.dataset.known), fromBase64(root.dataset.to)];
  let text = "";
  const use = (given, tell) => {
    text = given;
    part("seal").disabled = false;
    part("seal").focus();
    tell("fits");
  };
  const lost = () => {
    text = "";
    part("seal").disabled = true;
  };
  const say = takeKeyFile(root, { wanted: bound.spki_sha256, known }, use, lost);

  part("seal").addEventListener("click", async () => {
    part("seal").disabled = true; // a second click seals nothing twice
    say("sealing");
    try {
      const sealed = await seal(text, to, bound);
      root.querySelector("[name=ciphertext]").value = base64(sealed.ciphertext);
      root.querySelector("[name=signature]").value = base64(sealed.signature);
      root.querySelector("form").submit();
    } catch (fault) {
      say(codeOf(fault));
      part("seal").disabled = false;
    }
  });
  root.hidden = false;
}

// Opening: with the key that this browser has, else with the recovery copy; then saving, and proving with the saved file.
function prepareOpener(root) {
  const part = partsOf(root);
  const { bound, opening: proof, ...sealed } = JSON.parse(root.dataset.envelope);
  const say = sayerIn(part("opening"));
  const saySaving = sayerIn(part("saving"));
  let text = "";

  async function openWith(privateKey) {
    say("opening");
    try {
      const envelope = { ciphertext: fromBase64(sealed.ciphertext), signature: fromBase64(sealed.signature) };
      text = await open(envelope, privateKey, bound);
    } catch (fault) {
      part("no-way").hidden = false;
      return say(codeOf(fault));
    }
    part("recovery").hidden = part("no-way").hidden = true;
    part("save").disabled = part("copy-key").disabled = false;
    part("save").focus({ preventScroll: true });
    return say("opened");
  }

  async function begin() {
    const privateKey = await findHere(bound.to_key);
    if (privateKey) return openWith(privateKey);
    part("recovery").hidden = part("no-way").hidden = false;
    return say("no-key");
  }

  takeCopy(part("recovery"), part("passphrase"), async (pair) => {
    if (await sha256(pair.publicKey) !== bound.to_key) return say("another-copy");
    await keep(pair.publicKey, pair.privateKey).catch(() => {}); // where nothing is kept, it opens all the same
    await openWith(pair.privateKey);
  }, say);

  part("save").addEventListener("click", () => {
    keys.save(text, part("save").dataset.save);
    saySaving("saved");
  });
  part("copy-key").addEventListener("click", () => {
    navigator.clipboard.writeText(text).then(() => saySaving("copied"), () => saySaving("not-copied"));
  });

  takeKeyFile(part("proving"), { wanted: bound.spki_sha256 }, async (given, tell) => {
    tell("proving");
    root.querySelector("[name=signature]").value = base64(await signature(given, opening(proof)));
    part("proving").querySelector("form").submit();
  });
  root.hidden = false;
  begin();
}

for (const place of document.querySelectorAll("[data-words-of]")) compare(place);
for (const place of document.querySelectorAll("[data-has-key]")) tellWhetherHere(place);
for (const root of document.querySelectorAll("[data-envelope-maker]")) prepareMaker(root);
for (const root of document.querySelectorAll("[data-restorer]")) prepareRestorer(root);
for (const root of document.querySelectorAll("[data-sealer]")) prepareSealer(root);
for (const root of document.querySelectorAll("[data-opener]")) prepareOpener(root);
