// Bytes, hashes and spellings that all the other modules are made of.
//
// Every check here throws a Fault; none returns false, because a forgotten `if` must not pass.

/** Why a receipt is not accepted. kind: "input" (not of its form), "verification" (of its form,
 * but it does not hold) or "unable" (this browser cannot tell). code: as in Counterfoil itself. */
export class Fault extends Error {
  constructor(kind, code, message) {
    super(message);
    this.kind = kind;
    this.code = code;
  }
}

const faulty = (kind) => (code, expected, found = "another") =>
  new Fault(kind, code, `expected ${expected}, found ${found}`);

export const malformed = faulty("input");
export const untrue = faulty("verification");
export const unable = (code, message) => new Fault("unable", code, message);

/** Run `work`, and hand any Fault of it to `reword`; a mistake of ours passes unchanged. */
export function onFault(work, reword) {
  try {
    return work();
  } catch (error) {
    throw error instanceof Fault ? reword(error) : error;
  }
}

const ENCODER = new TextEncoder();
// ignoreBOM keeps a byte-order mark in the text, where the strict parsers then refuse it.
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const utf8 = (text) => ENCODER.encode(text);

/** Decode UTF-8 strictly: two readers might put different characters for bytes that are none. */
export function textOf(bytes, code) {
  try {
    return DECODER.decode(bytes);
  } catch {
    throw malformed(code, "UTF-8 text", "other bytes");
  }
}

export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export const sameBytes = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

export const toHex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

export const fromHex = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));

export function toBase64(bytes) {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Read padded standard base64; null when it is not. The unused last bits may be anything. */
export function bytesOfBase64(text) {
  // atob alone would skip white space and forgive missing padding.
  return BASE64.test(text) ? Uint8Array.from(atob(text), (char) => char.charCodeAt(0)) : null;
}

/** Read base64 in its one canonical spelling, so that one signature has one text. */
export function canonicalBase64(text) {
  const bytes = bytesOfBase64(text);
  if (!bytes) throw malformed("base64.malformed", "standard base64 with padding");
  if (toBase64(bytes) !== text) throw malformed("base64.not-canonical", "canonical base64");
  return bytes;
}

/** Read decimal digits without sign or leading zero, up to 2^63-1, as a BigInt. */
export function parseDecimal(text) {
  if (!/^(?:0|[1-9]\d*)$/.test(text)) {
    throw malformed("decimal.malformed", "decimal digits without leading zeros");
  }
  if (text.length > 19 || BigInt(text) >= 2n ** 63n) {
    throw malformed("decimal.too-large", "a number below 2^63", "a larger one");
  }
  return BigInt(text);
}

export async function sha256(...parts) {
  if (!globalThis.crypto?.subtle) {
    throw unable("browser.no-crypto", "this browser gives this page no cryptography (WebCrypto)");
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", concat(...parts)));
}

/** Name an Ed25519 key: SHA-256(0x01 || public), 64 hexadecimal digits. */
export const fingerprint = async (key) => toHex(await sha256(Uint8Array.of(1), key));
