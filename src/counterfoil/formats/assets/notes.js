// Signed notes, checkpoints and verifier keys (C2SP signed-note, tlog-checkpoint).
//
// Each has one spelling; whatever another program would have to guess at is refused.
import {
  canonicalBase64, concat, malformed, onFault, parseDecimal, sameBytes, sha256, toHex, utf8,
} from "./bytes.js";

export const ED25519 = 1;
export const COSIGNATURE = 4;
export const MLDSA44 = 6;

const PUBLIC_BYTES = { [ED25519]: 32, [COSIGNATURE]: 32, [MLDSA44]: 1312 };
const EMPTY_ROOT = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const NOT_IN_NAMES = /[\0- +\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

function checkName(name) {
  if (name === "" || NOT_IN_NAMES.test(name)) {
    throw malformed("key.name", "a key name without spaces and plus signs");
  }
}

/** Read `name+hex key id+base64(type || public)` to {name, type, publicKey, id}. */
export async function parseVkey(text) {
  const fault = () => malformed("key.malformed", "a key `<name>+<8 hex digits>+<base64>`");
  const match = /^([^+]*)\+([0-9a-f]{8})\+(.+)$/su.exec(text);
  if (!match) throw fault();
  const [, name, stated, base64] = match;
  const [type, ...rest] = onFault(() => canonicalBase64(base64), fault);
  if (!(type in PUBLIC_BYTES)) throw malformed("key.type", "key type 1, 4 or 6", type);
  checkName(name);
  if (utf8(name).length > 255) throw malformed("key.name", "a name of 255 bytes", "a longer one");
  if (rest.length !== PUBLIC_BYTES[type]) {
    throw malformed("key.length", `a key of ${PUBLIC_BYTES[type]} bytes`, rest.length);
  }
  const publicKey = Uint8Array.from(rest);
  const digest = await sha256(utf8(name), Uint8Array.of(0x0a, type), publicKey);
  const id = toHex(digest.subarray(0, 4));
  if (id !== stated) throw malformed("key.id", `key id ${id} for this name and key`, stated);
  return { name, type, publicKey, id };
}

/** Read a signed note to {text, signatures: [{name, id, signature}]}. */
export function parseNote(note) {
  if (utf8(note).length > 1 << 20) throw malformed("text.too-long", "at most 1 MiB", "more");
  if (/[\0-\x09\x0b-\x1f]/.test(note)) {
    throw malformed("text.control-character", "a note without control characters", "one");
  }
  const split = note.lastIndexOf("\n\n");
  if (split < 0) throw malformed("note.no-signatures", "a blank line before signatures", "none");
  const lines = note.slice(split + 2).split("\n");
  if (lines.pop() !== "" || lines.length === 0) throw badLine();
  if (lines.length > 64) throw malformed("note.signatures", "64 signatures at most", "more");
  return { text: note.slice(0, split + 1), signatures: lines.map(parseLine) };
}

const badLine = () => malformed("note.signature", "lines `\u2014 <name> <base64>`");

function parseLine(line) {
  const match = /^\u2014 ([^ ]*) (.*)$/su.exec(line);
  if (!match) throw badLine();
  const raw = onFault(() => canonicalBase64(match[2]), badLine);
  checkName(match[1]);
  if (raw.length < 5) throw badLine();
  return { name: match[1], id: toHex(raw.subarray(0, 4)), signature: raw.slice(4) };
}

/** Read the text of a checkpoint to {origin, size: BigInt, root}. */
export function parseCheckpoint(text) {
  const lines = text.split("\n");
  if (lines.length < 4 || lines.at(-1) !== "") throw badCheckpoint("lines", "three lines");
  if (lines.length > 4) throw badCheckpoint("extension", "origin, size and root only");
  const [origin, digits, base64] = lines;
  const size = onFault(() => parseDecimal(digits), () => badCheckpoint("size", "a decimal size"));
  const root = onFault(() => canonicalBase64(base64), () => badCheckpoint("root", "a base64 root"));
  const length = utf8(origin).length;
  if (length < 1 || length > 255) throw badCheckpoint("origin", "an origin of 1 to 255 bytes");
  if (root.length !== 32 || (size === 0n && toHex(root) !== EMPTY_ROOT)) {
    throw badCheckpoint("root", "a root of 32 bytes");
  }
  return { origin, size, root };
}

const badCheckpoint = (part, expected) => malformed(`checkpoint.${part}`, `${expected} in a checkpoint`);

/** Read a cosignature to {time: BigInt, signature}, or null. Source: C2SP tlog-cosignature. */
export function parseCosignature(bytes) {
  if (![72, 2428].includes(bytes.length)) return null;
  const time = BigInt(`0x${toHex(bytes.subarray(0, 8))}`);
  return time < 2n ** 63n ? { time, signature: bytes.slice(8) } : null;
}

/** Build what an Ed25519 cosigner signs over the whole text of a checkpoint. */
export const cosignedMessage = (time, text) =>
  concat(utf8(`cosignature/v1\ntime ${time}\n`), utf8(text));

export const sameKey = (a, b) =>
  a.name === b.name && a.type === b.type && sameBytes(a.publicKey, b.publicKey);
