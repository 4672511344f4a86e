// Check a receipt against a policy: what `counterfoil verify` checks, in the same order.
//
// Everything is recomputed from the bytes: the checkpoint's signatures, each entry's inclusion, who
// may sign at that entry, the signature over the statement, the batch's and the block's trees.
import { Fault, fromHex, malformed, sha256, toHex, unable, untrue, utf8 } from "./bytes.js";
import { memberHash, parseEntry, parsePredicate, parseReceipt, rowLeaf } from "./entries.js";
import { parseObject } from "./json.js";
import { Keyring } from "./keyring.js";
import { leafHash, verifyInclusion } from "./merkle.js";
import { parsePolicy } from "./policy.js";
import { evaluate } from "./trust.js";

/** Check the text of a receipt against the text of a policy.
 *
 * now: seconds since 1970, to refuse cosignatures from the future; null judges no time.
 * Returns {outcome, fault, passed, found}. outcome: "holds", "fails" or "unable"; fault: the first
 * that was met; passed: names of the checks that held; found: what they proved. Never throws. */
export async function verifyReceipt(receiptText, policyText, now = null) {
  const found = { receiptText, policyText, now };
  const passed = [];
  try {
    for (const [name, check] of Object.entries(CHECKS)) {
      await check(found);
      passed.push(name);
    }
    return { outcome: "holds", fault: null, passed, found };
  } catch (error) {
    // A mistake of this script is no finding about the receipt, and surely no "holds".
    const fault = error instanceof Fault ? error : unable("browser.error", String(error));
    return { outcome: fault.kind === "unable" ? "unable" : "fails", fault, passed, found };
  }
}

/** The checks by their names, in their order. */
export const CHECKS = {
  async form(found) {
    found.receipt = parseReceipt(found.receiptText);
  },

  async policy(found) {
    found.policy = await parsePolicy(found.policyText);
  },

  async checkpoint(found) {
    found.trusted = await evaluate(found.policy, found.receipt.checkpoint, found.now);
  },

  async keys(found) {
    found.keyring = new Keyring();
    let last = -1;
    for (const proof of found.receipt.keys) {
      const { index } = proof;
      if (index <= last) throw malformed("receipt.keys", "key statements in order", index);
      last = index;
      await verifyPlace(proof, found);
      const { envelope, statement } = await parseEntry(proof.entry);
      const predicate = statement && parsePredicate(statement);
      if (predicate?.kind !== "Key") throw malformed("receipt.keys", `a key statement at ${index}`);
      requireAudience(predicate.value.audience, found);
      await found.keyring.apply(index, envelope, predicate.value);
    }
  },

  async place(found) {
    found.way = await verifyPlace(found.receipt.record, found);
  },

  async signature(found) {
    const { receipt, keyring } = found;
    const { envelope, batch, statement } = await parseEntry(receipt.record.entry);
    if (batch) {
      requireOrigin(batch, found);
      if (receipt.batch || receipt.row || receipt.content !== null) throw extra("a batch alone");
      found.signer = await keyring.verifyEntry(receipt.record.index, envelope, ["producer"]);
      found.signedAt = batch.at_ms;
      return;
    }
    found.statement = statement;
    found.predicate = parsePredicate(statement);
    const listed = receipt.keys.some(({ index }) => index === receipt.record.index);
    if (found.predicate?.kind === "Key" && !listed) {
      // Else a key statement that never took effect would look like one that did.
      throw malformed("receipt.keys", "this key statement among the keys", "none");
    }
    await (envelope.signatures.length ? verifyOwn : verifyBatch)(found, envelope);
  },

  async statement(found) {
    const { statement, predicate, signer } = found;
    if (!statement) return;
    const issuer = predicate ? predicate.value.issuer : foreignIssuer(statement);
    if (issuer !== null && issuer !== signer.organisation) {
      throw untrue("statement.issuer", `the issuer ${signer.organisation}`, issuer);
    }
    const foreign = issuer === null ? null : foreignText(statement, "audience");
    requireAudience(predicate ? predicate.value.audience : foreign, found);
    if (!predicate) return;
    const digest = await contentDigest(predicate);
    if (digest !== null && statement.subjects[0].digest.sha256 !== digest) {
      throw untrue("statement.subject", `a subject with digest ${digest}`);
    }
  },

  async content(found) {
    found.content = found.statement ? await verifyContent(found) : null;
  },
};

const extra = (expected) => malformed("receipt.extra", expected, "more with it");

/** Check that an entry stands where it says; returns the way to the root. */
async function verifyPlace({ index, entry, path }, { trusted: { checkpoint } }) {
  return verifyInclusion(await leafHash(entry), index, checkpoint.size, path, checkpoint.root);
}

async function verifyOwn(found, envelope) {
  const { receipt, keyring, predicate } = found;
  const { index } = receipt.record;
  if (receipt.batch) throw malformed("receipt.batch", "no batch with a signed record", "one");
  const roles = predicate?.kind === "Key" && index !== 0 ? ["producer", "recovery"] : ["producer"];
  found.signer = await keyring.verifyEntry(index, envelope, roles);
  found.signedAt = predicate?.value.at_ms ?? null;
}

async function verifyBatch(found, { payload }) {
  const { receipt, keyring } = found;
  const { index } = receipt.record;
  if (!receipt.batch) {
    throw untrue("statement.unsigned", `a signature over entry ${index}`, "none");
  }
  const { signature: proof, path } = receipt.batch;
  await verifyPlace(proof, found);
  const { envelope, batch } = await parseEntry(proof.entry);
  if (!batch) throw malformed("receipt.batch", `a batch signature at entry ${proof.index}`);
  requireOrigin(batch, found);
  const first = proof.index - batch.count;
  if (first < 0 || index < first || index >= proof.index) {
    throw untrue("batch.range", `an entry from ${first} to ${proof.index - 1}`, index);
  }
  const leaf = await memberHash(payload);
  await verifyInclusion(leaf, index - first, BigInt(batch.count), path, fromHex(batch.root));
  found.signer = await keyring.verifyEntry(proof.index, envelope, ["producer"]);
  keyring.require(found.signer.keyid, index, ["producer"]); // it must count at the record, too
  found.signedAt = batch.at_ms;
  found.batch = { count: batch.count, index: proof.index };
}

function requireAudience(named, { trusted: { checkpoint } }) {
  const audience = named ?? checkpoint.origin;
  if (audience === checkpoint.origin) return;
  throw untrue("statement.audience", `a statement for ${checkpoint.origin}`, `one for ${audience}`);
}

function requireOrigin(batch, { trusted: { checkpoint } }) {
  if (batch.origin !== checkpoint.origin) {
    throw untrue("batch.origin", `a batch for ${checkpoint.origin}`, `one for ${batch.origin}`);
  }
}

/** Read the issuer of a statement whose predicate the core does not know; null without a header. */
function foreignIssuer({ predicate }) {
  const fields = ["issuer", "source", "number"].map((name) => predicate.value.get(name));
  const types = fields.map((field) => field?.type).join();
  return types === "string,string,integer" ? fields[0].value : null;
}

function foreignText({ predicate }, name) {
  const field = predicate.value.get(name);
  return field?.type === "string" ? field.value : null;
}

async function contentDigest({ kind, value, content }) {
  if (kind === "Block") return value.payload.sha256;
  if (kind !== "Record") return null;
  return content === null ? value.content_ref.sha256 : toHex(await sha256(utf8(content)));
}

/** Check the row or the large content that the receipt discloses; returns its text or null. */
async function verifyContent({ receipt, predicate }) {
  const { content } = receipt;
  if (receipt.row) {
    if (content !== null) throw extra("a row alone");
    return verifyRow(receipt.row, predicate);
  }
  const record = predicate?.kind === "Record" ? predicate : null;
  if (record && record.content !== null) {
    if (content !== null) throw extra("one content");
    return record.content;
  }
  if (content === null) return null;
  if (!record) throw extra("content with a record only");
  const { size, sha256: digest } = record.value.content_ref;
  const bytes = utf8(content);
  if (bytes.length !== size || toHex(await sha256(bytes)) !== digest) {
    throw untrue("statement.content", `content with digest ${digest}`);
  }
  return content;
}

async function verifyRow({ row, salt, content, path }, predicate) {
  if (predicate?.kind !== "Block") throw malformed("receipt.row", "a row of a block statement");
  parseObject(content);
  const { rows, root } = predicate.value;
  const leaf = await rowLeaf(salt, utf8(content));
  await verifyInclusion(leaf, row, BigInt(rows), path, fromHex(root));
  return content;
}
