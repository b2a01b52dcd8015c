// HPKE (RFC 9180), base mode, one message: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-GCM. Envelopes use keys of 32
// octets; the published vectors also have 16. The cryptography is WebCrypto's, this is the order in which it is used.

const CURVE = { name: "X25519" };
const ENC = 32;
const BASE_POINT = Uint8Array.of(9, ...new Uint8Array(31));
const AEAD_ID = { 16: 1, 32: 2 };
const KEM = join(utf8("KEM"), [0x00, 0x20]);

export function utf8(text) {
  return new TextEncoder().encode(text);
}

export function join(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

// The 32 octets of the public half.
export async function publicOf(privateKey) {
  return secretOf(privateKey, BASE_POINT);
}

// enc || ct. An ephemeral key is given by the test with the published vectors, and by nobody else.
export async function sealTo(toPublic, info, plaintext, { aad = [], keyOctets = 32, ephemeral = null } = {}) {
  const own = ephemeral ?? (await crypto.subtle.generateKey(CURVE, true, ["deriveBits"])).privateKey;
  const enc = await publicOf(own);
  const shared = await sharedSecret(await secretOf(own, toPublic), enc, toPublic);
  const { key, algorithm } = await schedule(shared, info, aad, keyOctets);
  return join(enc, new Uint8Array(await crypto.subtle.encrypt(algorithm, key, plaintext)));
}

// The plaintext; throws when key, info, aad and ciphertext do not fit.
export async function openWith(privateKey, info, sealed, { aad = [], keyOctets = 32 } = {}) {
  const enc = sealed.slice(0, ENC);
  const shared = await sharedSecret(await secretOf(privateKey, enc), enc, await publicOf(privateKey));
  const { key, algorithm } = await schedule(shared, info, aad, keyOctets);
  return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, sealed.slice(ENC)));
}

// Diffie and Hellman's secret; throws when it is zero, as RFC 9180 section 7.1.4 asks for.
async function secretOf(privateKey, publicOctets) {
  const key = await crypto.subtle.importKey("raw", publicOctets, CURVE, false, []);
  return new Uint8Array(await crypto.subtle.deriveBits({ ...CURVE, public: key }, privateKey, 256));
}

// Section 4.1, ExtractAndExpand.
async function sharedSecret(secret, enc, toPublic) {
  const prk = await labeledExtract([], KEM, "eae_prk", secret);
  return labeledExpand(prk, KEM, "shared_secret", join(enc, toPublic), 32);
}

// Section 5.1 with an empty psk; the first message takes the base nonce as it is (5.2).
async function schedule(shared, info, aad, keyOctets) {
  const suite = join(utf8("HPKE"), [0x00, 0x20, 0x00, 0x01, 0x00, AEAD_ID[keyOctets]]);
  const pskIdHash = await labeledExtract([], suite, "psk_id_hash", []);
  const context = join([0x00], pskIdHash, await labeledExtract([], suite, "info_hash", info));
  const secret = await labeledExtract(shared, suite, "secret", []);
  const octets = await labeledExpand(secret, suite, "key", context, keyOctets);
  const iv = await labeledExpand(secret, suite, "base_nonce", context, 12);
  const key = await crypto.subtle.importKey("raw", octets, "AES-GCM", false, ["encrypt", "decrypt"]);
  return { key, algorithm: { name: "AES-GCM", iv, additionalData: Uint8Array.from(aad) } };
}

function labeledExtract(salt, suite, label, material) {
  return hmac(salt, join(utf8("HPKE-v1"), suite, utf8(label), material));
}

// Nothing here is longer than one block of HKDF-Expand.
async function labeledExpand(prk, suite, label, info, octets) {
  const block = await hmac(prk, join([0x00, octets], utf8("HPKE-v1"), suite, utf8(label), info, [0x01]));
  return block.slice(0, octets);
}

async function hmac(secret, message) {
  // WebCrypto takes no empty key; HMAC fills it up with zeros anyway.
  const octets = secret.length ? secret : new Uint8Array(32);
  const key = await crypto.subtle.importKey("raw", octets, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, message));
}
