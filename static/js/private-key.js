// All that pages do with private keys: the paste checker, and the making of a pair in its holder's browser. What is
// typed, made or read stays in the page: the fields have no name and no form, and the page's policy lets the script
// connect to nothing. portal/verifier/paste.py finds the same in a paste on the command line.

const SHORTEST_BITS = 2048;
const BEGIN = /-----BEGIN ([A-Z0-9 ]+)-----/g;
const END = /-----END [A-Z0-9 ]+-----/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const PKCS8 = "PRIVATE KEY";
const PKCS1 = "RSA PRIVATE KEY";
const RSA_OID = "2a864886f70d010101";

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
  if (!text.trim()) return reading();
  const unescaped = text.replaceAll("\\r", "").replaceAll("\\n", "\n");
  const lines = unescaped.replaceAll("\r\n", "\n").replaceAll("\r", "\n").trim();
  const refused = refusedLabel(lines);
  if (refused) return reading([refused]);
  const { begin, end, body } = parts(lines);
  const key = rsaKey(octetsOf(body));
  if (key === null) return reading([begin ? "broken" : "not-a-key"]);
  if (key === "other") return reading(["not-rsa"]);
  const formats = formatFindings(lines, begin, end, body);
  if (unescaped !== text) formats.unshift("escaped");
  const weak = key.bits < SHORTEST_BITS ? ["too-short"] : [];
  return reading([...formats, ...weak], formats.length ? pem(key) : "", await fingerprint(key), key);
}

function reading(findings = [], repaired = "", identity = "", key = null) {
  return { findings, repaired, identity, key };
}

function refusedLabel(lines) {
  const labels = [...lines.matchAll(BEGIN)].map((found) => found[1]);
  if (labels.length > 1) return "several";
  const label = labels[0] ?? PKCS8;
  if (label.includes("PUBLIC KEY")) return "public-key";
  if (label.includes("ENCRYPTED") || lines.includes("Proc-Type: 4,ENCRYPTED")) return "encrypted";
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
      length = octets.slice(start, start + count).reduce((sum, octet) => sum * 256 + octet, 0);
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

// The page: fields, and under each what was found. The sentences stand in the page, in the reader's language.

const SIDES = ["production", "sandbox"];

async function check(checker) {
  const known = JSON.parse(checker.dataset.known);
  for (const side of SIDES) {
    const api = readApiKey(typed(checker, side, "api-key"));
    const secret = await readPrivateKey(typed(checker, side, "private-key"));
    const pair = known.find((one) => one.apiKey === api.identity);
    const holder = known.find((one) => one.sha256 === secret.identity);
    tell(checker, side, "api-key", [...api.findings.map(plain), ...ofPair(api, pair, side)], api.repaired);
    tell(checker, side, "private-key", [...secret.findings.map(plain), ...ofHalves(api, secret, pair, holder, side)], secret.repaired);
  }
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

for (const checker of document.querySelectorAll("[data-paste-check]")) {
  let waiting;
  checker.hidden = false;
  checker.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => check(checker), 200);
  });
  check(checker); // what the browser kept of a page that was left
}

// Making a pair. The private key exists in this page, then in the file that the person saves. The proof is signed with
// what was read back from that file, so a pair that works is a pair whose file is there. Whoever comes back to this page
// with a file saved before goes on from there.

const RSA = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
const NEW_KEY = { ...RSA, modulusLength: 3072, publicExponent: Uint8Array.of(1, 0, 1) };
export const LARGEST_FILE = 65_536;

function prepare(maker) {
  const part = (name) => maker.querySelector(`[data-${name}]`);
  const say = (code) => maker.querySelectorAll("[data-said]").forEach((one) => { one.hidden = one.dataset.said !== code; });
  const sent = (name) => maker.querySelector(`[name=${name}]`);
  let made = "";

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

  part("file").addEventListener("change", () => take(part("file").files[0]));
  part("drop").addEventListener("dragover", (event) => event.preventDefault());
  part("drop").addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  });

  async function take(file) {
    if (!file) return;
    const read = file.size > LARGEST_FILE ? reading(["not-a-key"]) : await readPrivateKey(await file.text());
    const wanted = made ? (await readPrivateKey(made)).identity : read.identity;
    if (read.findings.length || !read.key) say(read.findings[0] ?? "not-a-key");
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
