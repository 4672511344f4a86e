// Receipts, and what an entry of the log can be: a statement, or the signature over a batch.
//
// Bytes are accepted in one form only, and are hashed as they came, never encoded again.
import {
  canonicalBase64, concat, malformed, onFault, sameBytes, sha256, textOf, unable,
  utf8,
} from "./bytes.js";
import { parseJson, parseObject, plain } from "./json.js";
import { misfit } from "./shape.js";
import { SHAPES } from "./shapes.js";

const STATEMENT = "application/vnd.in-toto+json";
const BATCH = "application/vnd.counterfoil.batch+json";
const ENVELOPE =
  /^\{"payload":"([\w+/=]*)","payloadType":"([!#-[\]-~]{1,200})","signatures":\[(.*)\]\}$/;
const SIGNATURE = /^\{"keyid":"([0-9a-f]{64})","sig":"([\w+/=]*)"\}$/;

function requireShape(node, name, code, shape = name) {
  const where = misfit(node, shape);
  if (where !== null) throw malformed(code, `the shape of a ${name}`, `another at ${where}`);
}

/** Read a receipt's text; its base64 fields become bytes. */
export function parseReceipt(text) {
  if (utf8(text).length > 16 << 20) throw malformed("receipt.size", "at most 16 MiB", "more");
  const node = parseJson(text);
  requireShape(node, "Receipt", "receipt.malformed");
  const empty = ({ type, value }) => type === "null" || (type === "array" && value.length === 0);
  if ([...node.value.values()].some(empty)) throw otherSpelling();
  const { checkpoint, record, keys, batch, row, content = null, anchors = [] } = plain(node);
  return {
    checkpoint,
    record: entryProof(record),
    keys: keys.map(entryProof),
    batch: batch ? { signature: entryProof(batch.signature), path: hashes(batch.path) } : null,
    row: row ? { ...row, salt: bytesOf(row.salt, 16), path: hashes(row.path) } : null,
    content,
    anchors,
  };
}

const otherSpelling = () => malformed("receipt.malformed", "each value in its one spelling");

const entryProof = ({ index, entry, path }) => ({
  index, entry: bytesOf(entry), path: hashes(path),
});

const hashes = (path) => path.map((text) => bytesOf(text, 32));

function bytesOf(text, length) {
  const bytes = onFault(() => canonicalBase64(text), otherSpelling);
  if (bytes.length !== (length ?? bytes.length)) throw otherSpelling();
  return bytes;
}

/** Read an entry to {envelope, batch} or {envelope, statement}. */
export async function parseEntry(entry) {
  if (entry.length < 1 || entry.length > 65535) {
    throw malformed("entry.size", "an entry of 1 to 65535 bytes", entry.length);
  }
  if (entry[0] !== 0x7b) throw await otherKind(entry);
  const envelope = parseEnvelope(textOf(entry, "envelope.malformed"));
  const { type, payload, signatures } = envelope;
  if (type === STATEMENT) return { envelope, statement: parseStatement(payload) };
  if (type !== BATCH) throw malformed("entry.payload-type", "a statement or a batch", type);
  if (signatures.length !== 1) {
    throw malformed("entry.unsigned", "one signature over a batch", signatures.length);
  }
  return { envelope, batch: onFault(() => parseBatch(payload), badBatch) };
}

async function otherKind(entry) {
  const verdict = await sha256(utf8("counterfoil verdict v1"));
  if (sameBytes(entry.subarray(0, 32), verdict)) {
    return unable("entry.verdict", "a verdict is signed by an EVM key, which this page cannot check");
  }
  if (entry[0] === 0xd2) {
    return unable("entry.cose", "a statement in COSE is signed by its issuer, whose key is not here");
  }
  return malformed("entry.kind", "an envelope", "another entry");
}

/** Read a DSSE envelope in its canonical form to {payload, type, signatures: [{keyid, sig}]}. */
function parseEnvelope(text) {
  const other = () => malformed("envelope.not-canonical", "an envelope in its canonical form");
  const [, payload, type, list] = ENVELOPE.exec(text) ?? [];
  const items = list ? list.split(/,(?=\{)/).map((item) => SIGNATURE.exec(item)) : [];
  if (payload === undefined || items.includes(null)) throw other();
  return onFault(() => {
    const signatures = items.map(([, keyid, sig]) => ({ keyid, sig: canonicalBase64(sig) }));
    const sorted = signatures.every(({ keyid }, i) => !i || signatures[i - 1].keyid < keyid);
    if (!sorted || signatures.length > 16 || signatures.some(({ sig }) => sig.length !== 64)) {
      throw other();
    }
    return { payload: canonicalBase64(payload), type, signatures };
  }, other);
}

const badBatch = () => malformed("batch.malformed", "a batch in its canonical form");

function parseBatch(payload) {
  const text = textOf(payload);
  const node = parseJson(text);
  requireShape(node, "Batch");
  const { at_ms, count, nonce, origin, root } = plain(node);
  // One batch has one text, so that it cannot be recorded again in another spelling.
  if (JSON.stringify({ at_ms, count, nonce, origin, root }) !== text) throw badBatch();
  return { at_ms, count, nonce, origin, root };
}

/** Read an in-toto statement to {text, subjects, type, predicate: node}. */
function parseStatement(payload) {
  const text = textOf(payload, "json.malformed");
  const node = parseObject(text);
  requireShape(node, "Statement", "statement.malformed");
  const predicate = node.value.get("predicate");
  const { subject: subjects, predicateType: type } = plain(node);
  const names = new Set(subjects.map(({ name }) => name ?? ""));
  if (predicate.type !== "object" || names.size !== subjects.length) {
    throw malformed("statement.malformed", "an object as predicate, and subjects of other names");
  }
  return { text, subjects, type, predicate };
}

/** Read the predicate of a statement; null for a type that the core does not know.
 *
 * Returns {kind, value, content}: content is the text of a record's object, as it was hashed. */
export function parsePredicate({ text, type, predicate }) {
  if (!Object.hasOwn(SHAPES.uris, type)) return null;
  const kind = SHAPES.uris[type];
  const fields = { ...SHAPES.Header.fields, ...SHAPES[kind].fields };
  requireShape(predicate, kind, "predicate.malformed", { fields });
  const value = plain(predicate);
  const node = kind === "Record" ? predicate.value.get("content") : undefined;
  if (!(RULES[kind]?.(value, node) ?? true)) {
    throw malformed("predicate.malformed", `fields of a ${kind} that fit together`, "others");
  }
  return { kind, value, content: node ? text.slice(node.start, node.end) : null };
}

const given = (value) => value !== undefined && value !== null;

// What the classes check beyond the shapes of their fields.
const RULES = {
  Record: ({ content_ref }, content) =>
    content === undefined ? given(content_ref) : !given(content_ref) && content.type === "object",
  IssuerKey: ({ action, public: key }) => (action === "add") === given(key),
  Key: ({ action, public: key, until_index, replaces, proof }) =>
    action === "add" ? given(key) : ![key, until_index, replaces, proof].some(given),
  Mandate: ({ from_ms, until_ms }) => until_ms > from_ms,
};

/** Encode what a DSSE signature signs. Source: DSSE v1.0.2, "Signature Definition". */
export const pae = (type, payload) =>
  concat(utf8(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload);

/** Hash a statement to its leaf in the tree of the batch that signs it. */
export const memberHash = (payload) => sha256(Uint8Array.of(0), pae(STATEMENT, payload));

/** Hash a row of a block to its leaf; the salt keeps a sibling hash from being a dictionary. */
export const rowLeaf = (salt, content) => sha256(utf8("\0counterfoil row v1\0"), salt, content);
