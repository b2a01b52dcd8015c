// Envelopes: a private key sealed in its giver's browser to one receiver, and opened in the receiver's. docs/hand-offs.md
// gives the formats; portal/handoffs/envelope.py and recovery.py do the same, with the same codes for what is wrong.
// Nothing here speaks to anybody: what goes in and comes out is the page's business.

import { join, openWith, publicOf, sealTo, utf8 } from "./hpke.js";
import { asPkcs8, pem, publicHalf, readPrivateKey } from "./private-key.js";
import { WORDS } from "./words.js";

const RSA = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
const CURVE = { name: "X25519" };
const PKCS8 = "PRIVATE KEY";
const [PADDED, LENGTH] = [4096, 2];
export const OCTETS = 32 + PADDED + 16;

export class EnvelopeFault extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

function require(condition, code) {
  if (!condition) throw new EnvelopeFault(code);
}

async function orFault(code, promise) {
  try {
    return await promise;
  } catch {
    throw new EnvelopeFault(code);
  }
}

export function base64(octets) {
  return btoa(String.fromCharCode(...octets));
}

export function fromBase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

export async function sha256(octets) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", octets));
  return [...digest].map((octet) => octet.toString(16).padStart(2, "0")).join("");
}

// The eight words of an envelope key, given as its 32 octets.
export async function comparisonWords(publicKey) {
  const digest = await sha256(join(utf8("portal-envelope-words-v1"), publicKey));
  return digest.match(/../g).slice(0, 8).map((octet) => WORDS[parseInt(octet, 16)]);
}

// Envelopes. `bound` has the members hand_off, from, to, to_key, spki_sha256, environment and not_after.

function infoOf(bound) {
  const { environment, from, hand_off, not_after, spki_sha256, to, to_key } = bound;
  return utf8(JSON.stringify({ environment, from, hand_off, not_after, spki_sha256, to, to_key, v: 1 }));
}

export async function seal(pemText, toPublic, bound) {
  const key = await readKey(pemText);
  require(key.identity === bound.spki_sha256, "key_of_another_pair");
  require(await sha256(toPublic) === bound.to_key, "another_envelope_key");
  const padded = pad(utf8(key.text));
  const ciphertext = await orFault("envelope_key_unusable", sealTo(toPublic, infoOf(bound), padded));
  return { ciphertext, signature: await sign(key, await signedBy(ciphertext, bound)) };
}

// The private key in the envelope, as PKCS#8 PEM.
export async function open({ ciphertext, signature }, privateKey, bound) {
  require(ciphertext.length === OCTETS, "envelope_not_whole");
  require(await sha256(await publicOf(privateKey)) === bound.to_key, "another_envelope_key");
  const padded = await orFault("envelope_not_opened", openWith(privateKey, infoOf(bound), ciphertext));
  const key = await readKey(unpad(padded));
  require(key.identity === bound.spki_sha256, "key_of_another_pair");
  const half = await crypto.subtle.importKey("spki", key.spki, RSA, false, ["verify"]);
  const fits = await crypto.subtle.verify(RSA, half, signature, await signedBy(ciphertext, bound));
  require(fits, "envelope_not_from_holder");
  return key.text;
}

// The five lines that the private key signs to prove that it was taken out.
export function opening({ baseUrl, handOff, nonce, receiver }) {
  const lines = ["portal-opened-v1", baseUrl.replace(/\/+$/, ""), handOff, nonce, receiver];
  return utf8(lines.map((line) => `${line}\n`).join(""));
}

export async function signature(pemText, message) {
  return sign(await readKey(pemText), message);
}

async function readKey(text) {
  const { key, identity } = await readPrivateKey(text);
  require(key, "not_a_private_key");
  const octets = key.label === PKCS8 ? key.octets : Uint8Array.from(asPkcs8(key));
  const own = await orFault("not_a_private_key", crypto.subtle.importKey("pkcs8", octets, RSA, true, ["sign"]));
  const plain = new Uint8Array(await crypto.subtle.exportKey("pkcs8", own));
  return { own, identity, spki: publicHalf(key), text: pem({ octets: plain, label: PKCS8 }) };
}

async function sign({ own }, message) {
  return new Uint8Array(await crypto.subtle.sign(RSA, own, message));
}

async function signedBy(ciphertext, bound) {
  return join(utf8("portal-envelope-v1\n"), infoOf(bound), utf8(`\n${await sha256(ciphertext)}\n`));
}

function pad(text) {
  require(text.length <= PADDED - LENGTH, "key_too_long");
  return join([text.length >> 8, text.length & 0xff], text, new Uint8Array(PADDED - LENGTH - text.length));
}

function unpad(padded) {
  const length = padded[0] * 256 + padded[1];
  const rest = padded.slice(LENGTH);
  require(length <= rest.length && rest.slice(length).every((octet) => octet === 0), "not_a_private_key");
  return new TextDecoder().decode(rest.slice(0, length));
}

// Envelope keys: made extractable, wrapped into a recovery copy, then kept so that no script can take them out.

export async function makeKey() {
  const { privateKey } = await crypto.subtle.generateKey(CURVE, true, ["deriveBits"]);
  return { publicKey: await publicOf(privateKey), privateKey };
}

const DATABASE = "portal-envelope-keys";
const STORE = "keys";

export async function keep(publicKey, privateKey) {
  const octets = await crypto.subtle.exportKey("pkcs8", privateKey);
  const locked = await crypto.subtle.importKey("pkcs8", octets, CURVE, false, ["deriveBits"]);
  const name = await sha256(publicKey);
  await inStore("readwrite", (store) => store.put(locked, name));
  return name;
}

// The private key to the fingerprint `toKey`, or null where this browser does not have it.
export async function find(toKey) {
  return (await inStore("readonly", (store) => store.get(toKey))) ?? null;
}

async function inStore(mode, act) {
  const database = await answered(indexedDB.open(DATABASE, 1), (request) => {
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  });
  try {
    const transaction = database.transaction(STORE, mode);
    const done = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    const [result] = await Promise.all([answered(act(transaction.objectStore(STORE))), done]);
    return result;
  } finally {
    database.close();
  }
}

function answered(request, prepare = () => {}) {
  prepare(request);
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

// The recovery copy. Version 1 has these figures and no others: a file cannot ask for fewer rounds, or for hours of them.

const WHAT =
  "Recovery copy of an envelope key of the partner portal. Whoever has this file and its passphrase can open what is " +
  "sealed to the key. Keep the passphrase elsewhere.";
const SHORTEST = 15;
const FIXED = { v: 1, kdf: "PBKDF2-HMAC-SHA256", iterations: 600_000, cipher: "AES-256-GCM" }; // OWASP's figure of 2023
const SIZES = { public_key: 32, salt: 16, nonce: 12, wrapped: 48 };
const LONGEST_FILE = 4096;
const PKCS8_BEFORE_KEY = fromBase64("MC4CAQAwBQYDK2VuBCIEIA=="); // RFC 8410, section 7

// The text of the file; `what` tells its reader, in words of the page's language, what it is.
export async function recoveryCopy({ publicKey, privateKey }, passphrase, what = WHAT) {
  const normal = passphrase.normalize("NFKC");
  require([...normal].length >= SHORTEST, "passphrase_too_short");
  const [salt, nonce] = [SIZES.salt, SIZES.nonce].map((size) => crypto.getRandomValues(new Uint8Array(size)));
  const octets = new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey)).slice(PKCS8_BEFORE_KEY.length);
  const algorithm = { name: "AES-GCM", iv: nonce, additionalData: publicKey };
  const wrapped = new Uint8Array(await crypto.subtle.encrypt(algorithm, await keyFrom(normal, salt), octets));
  const members = Object.entries({ public_key: publicKey, salt, nonce, wrapped });
  const plain = members.map(([name, value]) => [name, base64(value)]);
  return `${JSON.stringify({ what, ...FIXED, ...Object.fromEntries(plain) }, null, 2)}\n`;
}

// The pair, extractable, so that it can be kept or wrapped anew.
export async function fromRecoveryCopy(text, passphrase) {
  const { public_key: publicKey, salt, nonce, wrapped } = readCopy(text);
  const algorithm = { name: "AES-GCM", iv: nonce, additionalData: publicKey };
  const key = await keyFrom(passphrase.normalize("NFKC"), salt);
  const octets = new Uint8Array(await orFault("passphrase_wrong", crypto.subtle.decrypt(algorithm, key, wrapped)));
  const whole = join(PKCS8_BEFORE_KEY, octets);
  const privateKey = await crypto.subtle.importKey("pkcs8", whole, CURVE, true, ["deriveBits"]);
  require(await sha256(await publicOf(privateKey)) === await sha256(publicKey), "not_a_recovery_copy");
  return { publicKey, privateKey };
}

function readCopy(text) {
  try {
    require(text.length <= LONGEST_FILE, "not_a_recovery_copy");
    const members = JSON.parse(text);
    for (const [name, value] of Object.entries(FIXED)) require(members[name] === value, "not_a_recovery_copy");
    return Object.fromEntries(Object.entries(SIZES).map(([name, size]) => [name, sized(members[name], size)]));
  } catch {
    throw new EnvelopeFault("not_a_recovery_copy");
  }
}

function sized(text, size) {
  const octets = fromBase64(text);
  require(octets.length === size, "not_a_recovery_copy");
  return octets;
}

async function keyFrom(passphrase, salt) {
  const material = await crypto.subtle.importKey("raw", utf8(passphrase), "PBKDF2", false, ["deriveKey"]);
  const algorithm = { name: "PBKDF2", hash: "SHA-256", salt, iterations: FIXED.iterations };
  return crypto.subtle.deriveKey(algorithm, material, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}
