// All that pages do with private keys: the paste checker, and the making of a pair in its holder's browser. What is
// typed, made or read stays in the page: the fields have no name and no form, and the page's policy lets the script
// connect to nothing. portal/verifier/paste.py and key_files.py find the same on the command line.

const SHORTEST_BITS = 2048;
const BEGIN = /-----BEGIN ([A-Z0-9 ]+)-----/g;
const END = /-----END [A-Z0-9 ]+-----/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const PKCS8 = "PRIVATE KEY";
const PKCS1 = "RSA PRIVATE KEY";
const LOCKED_PKCS8 = "ENCRYPTED PRIVATE KEY";
const LOCKED_PKCS1 = "Proc-Type: 4,ENCRYPTED";
const OTHER_KEYS = ["EC PRIVATE KEY", "DSA PRIVATE KEY"];
const RSA_OID = "2a864886f70d010101";
export const LARGEST_FILE = 65_536; // octets, or characters of a paste

export function readApiKey(text) {
  const plain = text.split(/\s+/).join("");
  if (!plain) return reading();
  if (!/^[0-9a-f]{32}$/.test(plain.toLowerCase())) return reading(["api-key-form"]);
  const findings = [];
  if (plain !== text) findings.push("api-key-spaces");
  if (plain !== plain.toLowerCase()) findings.push("api-key-case");
  return reading(findings, findings.length ? plain.toLowerCase() : "", plain.toLowerCase());
}

export async function readPrivateKey(text) {
  return readText(text, []);
}

// ofFile: what is to be mended about the file in which the text stood.
async function readText(text, ofFile) {
  if (!text.trim()) return reading();
  if (text.length > LARGEST_FILE) return reading(["too-large"]);
  const lines = linesOf(text);
  const refused = refusedLabel(lines);
  if (refused) return reading([refused]);
  const { begin, end, body } = parts(lines);
  const key = rsaKey(octetsOf(body));
  if (key === null) return reading([begin ? "broken" : "not-a-key"]);
  if (key === "other") return reading(["not-rsa"]);
  const escaped = /\\[nr]/.test(text) ? ["escaped"] : [];
  const formats = [...ofFile, ...escaped, ...formatFindings(lines, begin, end, body)];
  const weak = key.bits < SHORTEST_BITS ? ["too-short"] : [];
  return reading([...formats, ...weak], formats.length ? pem(key) : "", await fingerprint(key), key);
}

// A private key file that was picked or dropped: what readPrivateKey says of it, and its `text`.
export async function readKeyFile(file) {
  if (file.size > LARGEST_FILE) return { ...reading(["too-large"]), text: "" };
  let octets;
  try {
    octets = new Uint8Array(await file.arrayBuffer());
  } catch { // a folder, or a file that went away
    return { ...reading(["unreadable"]), text: "" };
  }
  return readOctets(octets);
}

export async function readOctets(octets) {
  const binary = octets.length > LARGEST_FILE ? "too-large" : kindOfBinary(octets);
  if (binary) return { ...reading([binary]), text: "" };
  const [encoding, plain] = encodingOf(octets);
  const text = new TextDecoder(encoding).decode(octets);
  if (!text.trim()) return { ...reading(["empty"]), text };
  return { ...(await readText(text, plain ? [] : ["encoding"])), text };
}

function linesOf(text) {
  const unescaped = text.replaceAll("\\r", "").replaceAll("\\n", "\n");
  return unescaped.replaceAll("\r\n", "\n").replaceAll("\r", "\n").trim();
}

// How a text is written, by the mark that Windows puts before it or by its zeros; and whether that is plain UTF-8.
function encodingOf(octets) {
  const [first, second, third] = octets;
  if (first === 0xef && second === 0xbb && third === 0xbf) return ["utf-8", false];
  if ((first === 0xff && second === 0xfe) || second === 0) return ["utf-16le", false];
  if ((first === 0xfe && second === 0xff) || first === 0) return ["utf-16be", false];
  return ["utf-8", true];
}

// Files that are no text: key stores of Java and PKCS#12, and whatever else begins with a sequence in DER.
function kindOfBinary(octets) {
  const start = hex(octets.slice(0, 4));
  if (start === "feedfeed" || start === "cececece") return "container";
  if (octets[0] !== 0x30 || !(octets[1] >= 0x80)) return null;
  const at = 2 + (octets[1] & 0x7f);
  return hex(octets.slice(at, at + 3)) === "020103" ? "container" : "binary";
}

function reading(findings = [], repaired = "", identity = "", key = null) {
  return { findings, repaired, identity, key };
}

function refusedLabel(lines) {
  const labels = [...lines.matchAll(BEGIN)].map((found) => found[1]);
  if (labels.length > 1) return "several";
  const label = labels[0] ?? PKCS8;
  if (label.includes("PUBLIC KEY") || lines.startsWith("ssh-")) return "public-key";
  if (label.includes("CERTIFICATE")) return label.includes("REQUEST") ? "certificate-request" : "certificate";
  if (label === LOCKED_PKCS8) return sequence(octetsOf(parts(lines).body)) ? "encrypted" : "broken";
  if (lines.includes(LOCKED_PKCS1)) return "encrypted";
  if (label === "OPENSSH PRIVATE KEY") return "ssh-key";
  if (OTHER_KEYS.includes(label)) return "not-rsa";
  if (!label.includes("PRIVATE KEY")) return "not-a-key";
  return [PKCS8, PKCS1].includes(label) ? null : "other-format";
}

function parts(lines) {
  const begin = [...lines.matchAll(BEGIN)][0];
  const end = END.exec(lines);
  const from = begin ? begin.index + begin[0].length : 0;
  return { begin, end, body: lines.slice(from, end ? end.index : undefined).trim() };
}

function octetsOf(body) {
  const packed = body.split(/\s+/).join("");
  if (!BASE64.test(packed) || packed.length % 4) return null;
  return Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
}

function formatFindings(lines, begin, end, body) {
  const found = [];
  if (!begin) found.push("no-begin");
  if (!end) found.push("no-end");
  if (!body.includes("\n") || (begin && sharesLine(lines, begin)) || (end && sharesLine(lines, end))) found.push("one-line");
  if (lines.split("\n").some((line) => /^[ \t]/.test(line))) found.push("indented");
  return found;
}

function sharesLine(lines, label) {
  const before = lines.slice(0, label.index).split("\n").at(-1);
  const after = lines.slice(label.index + label[0].length).split("\n")[0];
  return Boolean((before + after).trim());
}

// DER, as far as a private key needs it: the value of each element of a sequence, with its tag.
function elements(octets) {
  const found = [];
  for (let at = 0; at < octets.length;) {
    const tag = octets[at];
    let length = octets[at + 1];
    let start = at + 2;
    if (length & 0x80) {
      const count = length & 0x7f;
      length = numberOf(octets.slice(start, start + count));
      start += count;
    }
    if (!(start + length <= octets.length)) return null;
    found.push({ tag, value: octets.slice(start, start + length) });
    at = start + length;
  }
  return found;
}

function sequence(octets) {
  const outer = octets && elements(octets);
  return outer?.length === 1 && outer[0].tag === 0x30 ? elements(outer[0].value) : null;
}

// The RSA key in these octets; "other" for another kind of key, null for none.
function rsaKey(octets) {
  const whole = sequence(octets);
  if (whole?.[0]?.tag !== 0x02) return null;
  if (whole[1]?.tag === 0x02) return whole.length >= 9 ? numbers(octets, whole, PKCS1) : null;
  if (whole[1]?.tag !== 0x30 || whole[2]?.tag !== 0x04) return null;
  const oid = elements(whole[1].value)?.[0];
  if (oid?.tag !== 0x06) return null;
  if (hex(oid.value) !== RSA_OID) return "other";
  const inner = sequence(whole[2].value);
  return inner?.length >= 9 ? numbers(octets, inner, PKCS8) : null;
}

function numbers(octets, found, label) {
  const [modulus, exponent] = [found[1].value, found[2].value];
  const significant = modulus[0] === 0 ? modulus.slice(1) : modulus;
  return { octets, label, modulus, exponent, bits: significant.length * 8 - Math.clz32(significant[0]) + 24 };
}

export async function fingerprint(key) {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", publicHalf(key))));
}

// SubjectPublicKeyInfo in DER, as the portal keeps it.
export function publicHalf({ modulus, exponent }) {
  const algorithm = der(0x30, [...der(0x06, bytesOf(RSA_OID)), 0x05, 0x00]);
  const key = der(0x30, [...der(0x02, modulus), ...der(0x02, exponent)]);
  return Uint8Array.from(der(0x30, [...algorithm, ...der(0x03, [0, ...key])]));
}

function der(tag, value) {
  const size = value.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return [tag, ...length, ...value];
}

function base64(octets) {
  return btoa(String.fromCharCode(...octets));
}

export function pem({ octets, label }) {
  const packed = base64(octets);
  return [`-----BEGIN ${label}-----`, ...packed.match(/.{1,64}/g), `-----END ${label}-----`, ""].join("\n");
}

function hex(octets) {
  return [...octets].map((octet) => octet.toString(16).padStart(2, "0")).join("");
}

function bytesOf(digits) {
  return digits.match(/../g).map((pair) => parseInt(pair, 16));
}

// Locked private keys: PKCS#8 under PBES2 (RFC 8018, 6.2) with PBKDF2 and AES, which is all that browsers open. The
// passphrase goes into WebCrypto and nowhere else.

const PBES2 = "2a864886f70d01050d";
const PBKDF2 = "2a864886f70d01050c";
const HMACS = {
  "2a864886f70d0207": "SHA-1",
  "2a864886f70d0209": "SHA-256",
  "2a864886f70d020a": "SHA-384",
  "2a864886f70d020b": "SHA-512",
};
const AES_CBC = { "608648016503040102": 128, "608648016503040116": 192, "60864801650304012a": 256 };
const MOST_ROUNDS = 20_000_000; // some seconds; OpenSSL's own default is 2048

// The text of a locked private key, opened, as PKCS#8 PEM: { text }; or why it stays locked: { finding }.
export async function openLocked(text, passphrase) {
  const lock = lockOf(text);
  const opener = lock && await openerOf(lock, passphrase);
  if (!opener) return { text: "", finding: "other-lock" };
  try {
    const octets = new Uint8Array(await crypto.subtle.decrypt({ name: "AES-CBC", iv: lock.iv }, opener, lock.data));
    if (rsaKey(octets) !== null) return { text: pem({ octets, label: PKCS8 }), finding: "" };
  } catch {
    // The padding is wrong: so is the passphrase.
  }
  return { text: "", finding: "wrong-passphrase" };
}

// What an opened key says to the shop: the lock stays a finding, what mends it is the key without it.
export async function readOpened(text, passphrase) {
  const opened = await openLocked(text, passphrase);
  if (opened.finding) return reading([opened.finding]);
  const read = await readPrivateKey(opened.text);
  return { ...read, findings: ["encrypted", ...read.findings], repaired: read.identity && opened.text };
}

async function openerOf({ salt, rounds, hash, bits }, passphrase) {
  const from = { name: "PBKDF2", salt, iterations: rounds, hash };
  const to = { name: "AES-CBC", length: bits };
  try {
    const typed = await crypto.subtle.importKey("raw", new TextEncoder().encode(passphrase), "PBKDF2", false, ["deriveKey"]);
    return await crypto.subtle.deriveKey(from, typed, to, false, ["decrypt"]);
  } catch { // Chromium knows no AES of 192 bits
    return null;
  }
}

// How a text is locked, or null where browsers cannot open it.
export function lockOf(text) {
  const [scheme, data] = sequence(octetsOf(parts(linesOf(text)).body)) ?? [];
  const [derivation, cipher] = parametersOf(scheme, PBES2) ?? [];
  const [salt, rounds, ...options] = parametersOf(derivation, PBKDF2) ?? [];
  const [name, iv] = inside(cipher) ?? [];
  const bits = AES_CBC[oidOf(name)];
  const prf = options.find(({ tag }) => tag === 0x30);
  const hash = prf ? HMACS[oidOf(inside(prf)?.[0])] : "SHA-1";
  const count = rounds?.tag === 0x02 ? numberOf(rounds.value) : 0;
  const known = data?.tag === 0x04 && salt?.tag === 0x04 && iv?.value.length === 16 && bits && hash;
  return known && count > 0 && count <= MOST_ROUNDS
    ? { salt: salt.value, rounds: count, hash, bits, iv: iv.value, data: data.value }
    : null;
}

// The parameters of an algorithm, when it is this one.
function parametersOf(algorithm, wanted) {
  const [name, parameters] = inside(algorithm) ?? [];
  return oidOf(name) === wanted ? inside(parameters) : null;
}

function inside(element) {
  return element?.tag === 0x30 ? elements(element.value) : null;
}

function oidOf(element) {
  return element?.tag === 0x06 ? hex(element.value) : "";
}

function numberOf(octets) {
  return octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

// The page: fields, and under each what was found. The sentences stand in the page, in the reader's language.

const SIDES = ["production", "sandbox"];

// opened: by what was typed, what is known of it beyond the text.
async function check(checker, opened) {
  const known = JSON.parse(checker.dataset.known);
  for (const side of SIDES) {
    const api = readApiKey(typed(checker, side, "api-key"));
    const secret = await readTyped(typed(checker, side, "private-key"), opened);
    const pair = known.find((one) => one.apiKey === api.identity);
    const holder = known.find((one) => one.sha256 === secret.identity);
    tell(checker, side, "api-key", [...api.findings.map(plain), ...ofPair(api, pair, side)], api.repaired);
    tell(checker, side, "private-key", [...secret.findings.map(plain), ...ofHalves(api, secret, pair, holder, side)], secret.repaired);
    const asks = !secret.identity && ["encrypted", "wrong-passphrase"].includes(secret.findings.at(-1));
    unlockOf(checker, side).hidden = !asks;
  }
}

async function readTyped(text, opened) {
  if (opened.has(text)) return opened.get(text);
  const read = await readPrivateKey(text);
  return isLocked(read) && !lockOf(text) ? reading(["encrypted", "other-lock"]) : read;
}

function isLocked(read) {
  return read.findings[0] === "encrypted";
}

async function open(checker, side, opened) {
  const [field, text] = [unlockOf(checker, side).querySelector("[data-passphrase]"), typed(checker, side, "private-key")];
  tell(checker, side, "private-key", [plain("opening")], "");
  const read = await readOpened(text, field.value);
  opened.set(text, isLocked(read) ? read : reading(["encrypted", ...read.findings]));
  if (isLocked(read)) field.value = "";
  await check(checker, opened);
}

async function take(checker, side, files, opened) {
  if (!files.length) return;
  const read = await readOneOf(files);
  const area = checker.querySelector(`[data-side="${side}"][data-half="private-key"]`);
  area.value = read.text;
  if (read.identity) opened.set(area.value, read);
  await check(checker, opened);
  if (!read.text.trim()) tell(checker, side, "private-key", read.findings.map(plain), "");
}

async function readOneOf(files) {
  return files.length > 1 ? { ...reading(["several-files"]), text: "" } : readKeyFile(files[0]);
}

function unlockOf(checker, side) {
  return checker.querySelector(`[data-unlock="${side}-private-key"]`);
}

function typed(checker, side, half) {
  return checker.querySelector(`[data-side="${side}"][data-half="${half}"]`).value;
}

function plain(code) {
  return { code };
}

function ofPair(api, pair, side) {
  if (!api.identity) return [];
  if (!pair) return [{ code: "api-key-unknown" }];
  return pair.side === side ? [{ code: "api-key-known", name: pair.name }] : [{ code: "other-side", name: pair.name }];
}

function ofHalves(api, secret, pair, holder, side) {
  if (!secret.identity) return [];
  if (pair && pair === holder && pair.side === side) return secret.findings.length ? [] : [{ code: "fits", name: pair.name }];
  if (holder && (holder.side !== side || !pair)) {
    return [{ code: holder.side === side ? "private-known" : "other-side", name: holder.name }];
  }
  if (pair) return [holder ? { code: "of-other-pair", name: holder.name } : { code: "differs", name: pair.name }];
  return [{ code: "private-unknown" }];
}

function tell(checker, side, half, said, repaired) {
  const place = checker.querySelector(`[data-found="${side}-${half}"]`);
  const words = said.map(({ code, name }) => {
    const sentence = checker.querySelector(`[data-sentence="${code}"]`).content.cloneNode(true);
    for (const slot of sentence.querySelectorAll("[data-name]")) slot.textContent = name;
    return sentence;
  });
  place.replaceChildren(...words);
  const cure = checker.querySelector(`[data-cure="${side}-${half}"]`);
  cure.hidden = !repaired;
  cure.querySelector("[data-copy-from]").textContent = repaired;
}

// What a person gives: a file that is picked or dropped, and a passphrase that is typed.
function whenGiven(input, place, taken) {
  input.addEventListener("click", () => { input.value = ""; }); // the same file once more is a change, too
  input.addEventListener("change", () => taken(input.files));
  place.addEventListener("dragover", (event) => event.preventDefault());
  place.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    taken(event.dataTransfer.files);
  });
}

function whenUnlocked(place, opens) {
  const button = place.querySelector("[data-open]");
  const opening = async () => {
    button.disabled = true;
    await opens();
    button.disabled = false;
  };
  button.addEventListener("click", opening);
  place.querySelector("[data-passphrase]").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !button.disabled) opening();
  });
}

for (const checker of document.querySelectorAll("[data-paste-check]")) {
  const opened = new Map();
  let waiting;
  checker.hidden = false;
  checker.addEventListener("input", (event) => {
    if (!event.target.dataset.half) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => check(checker, opened), 200);
  });
  for (const side of SIDES) {
    const part = (name) => checker.querySelector(`[data-${name}="${side}"]`);
    whenGiven(part("file"), part("drop"), (files) => take(checker, side, files, opened));
    whenUnlocked(unlockOf(checker, side), () => open(checker, side, opened));
  }
  check(checker, opened); // what the browser kept of a page that was left
}

// Making a pair. The private key exists in this page, then in the file that the person saves. The proof is signed with
// what was read back from that file, so a pair that works is a pair whose file is there. Whoever comes back to this page
// with a file saved before goes on from there.

const RSA = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
const NEW_KEY = { ...RSA, modulusLength: 3072, publicExponent: Uint8Array.of(1, 0, 1) };

function prepare(maker) {
  const part = (name) => maker.querySelector(`[data-${name}]`);
  const say = (code) => maker.querySelectorAll("[data-said]").forEach((one) => { one.hidden = one.dataset.said !== code; });
  const sent = (name) => maker.querySelector(`[name=${name}]`);
  let [made, locked] = ["", ""];

  part("make").addEventListener("click", async () => {
    part("make").disabled = true;
    say("making");
    const { privateKey } = await crypto.subtle.generateKey(NEW_KEY, true, ["sign", "verify"]);
    made = pem({ octets: new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey)), label: PKCS8 });
    part("save").disabled = false;
    part("save").focus();
    say("made");
  });

  part("save").addEventListener("click", () => {
    save(made, part("save").dataset.save);
    say("saved");
  });

  whenGiven(part("file"), part("drop"), async (files) => {
    if (!files.length) return;
    const read = await readOneOf(files);
    locked = isLocked(read) && lockOf(read.text) ? read.text : "";
    part("unlock").hidden = !locked;
    await consider(isLocked(read) && !locked ? reading(["other-lock"]) : read);
    if (locked) part("passphrase").focus();
  });

  whenUnlocked(part("unlock"), async () => {
    say("opening");
    const read = await readOpened(locked, part("passphrase").value);
    await consider(isLocked(read) ? { ...read, findings: read.findings.slice(1) } : read);
  });

  // How the file is written does not matter here, only that the key is in it.
  async function consider(read) {
    const findings = read.findings.filter((code) => code !== "encoding");
    const wanted = made ? (await readPrivateKey(made)).identity : read.identity;
    if (findings.length || !read.key) say(findings[0] ?? "not-a-key");
    else if (read.identity !== wanted) say("another");
    else await prove(read.key);
  }

  async function prove(key) {
    say("proving");
    const octets = key.label === PKCS8 ? key.octets : Uint8Array.from(asPkcs8(key));
    const own = await crypto.subtle.importKey("pkcs8", octets, RSA, false, ["sign"]);
    const lines = [...JSON.parse(maker.dataset.lines), await fingerprint(key)].map((line) => `${line}\n`).join("");
    const signature = await crypto.subtle.sign(RSA, own, new TextEncoder().encode(lines));
    sent("public_pem").value = pem({ octets: publicHalf(key), label: "PUBLIC KEY" });
    sent("signature").value = base64(new Uint8Array(signature));
    maker.querySelector("form").submit();
  }

  maker.hidden = false;
}

export function asPkcs8({ octets }) {
  const algorithm = der(0x30, [...der(0x06, bytesOf(RSA_OID)), 0x05, 0x00]);
  return der(0x30, [...der(0x02, [0]), ...algorithm, ...der(0x04, octets)]);
}

export function save(text, name) {
  const address = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

for (const maker of document.querySelectorAll("[data-key-maker]")) prepare(maker);
