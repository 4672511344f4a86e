// Which key may speak for whom at which entry, from the log's own key statements.
//
// Validity goes by index, not by clock: a revocation says from which entry on a key's word counts
// no more, and earlier entries stay good. A key that was added by a void key is void too.
import { canonicalBase64, fingerprint, untrue } from "./bytes.js";
import { verifyEd25519 } from "./ed25519.js";
import { pae } from "./entries.js";

const ADMIN_ROLES = ["producer", "recovery"];

export class Keyring {
  keys = new Map(); // keyid -> period, in the order of their statements

  /** Check the key statement that stands at `index`, and take it up. */
  async apply(index, envelope, statement) {
    const { signatures, payload, type } = envelope;
    const signer = this.keys.size
      ? this.authorise(index, signatures, statement)
      : await genesis(index, statement);
    if (signatures.length !== 1 || signatures[0].keyid !== signer.keyid) {
      throw badKey("genesis", "the first key statement to be signed by the key that it adds");
    }
    await verifyEd25519(signer.publicKey, pae(type, payload), signatures[0].sig);
    if (statement.action === "add") {
      if (statement.organisation !== signer.organisation) await requirePossession(statement);
      return this.add(index, statement, signer.keyid);
    }
    return this.revoke(index, statement, signer.keyid);
  }

  /** Find the key that may sign the entry at `index` in one of `roles`. */
  require(keyid, index, roles) {
    const period = this.validItself(keyid, index, roles);
    let added = period;
    while (added.addedBy !== added.keyid) {
      try {
        added = this.validItself(added.addedBy, added.addedAt, ADMIN_ROLES);
      } catch (fault) {
        const name = `key ${short(keyid)} of ${period.organisation}`;
        throw badKey("void", `${name} to be added by a valid key`, `none (${fault.message})`);
      }
    }
    return period;
  }

  /** Find the key without asking who added it. */
  validItself(keyid, index, roles) {
    const period = this.keys.get(keyid);
    if (!period) throw badKey("unknown", "a key of this log", short(keyid));
    const { organisation, role, first, end } = period;
    const name = `key ${short(keyid)} of ${organisation}`;
    if (!roles.includes(role)) throw badKey("role", `${name} to be a ${roles.join(" or ")} key`, role);
    if (index < first) throw badKey("too-early", `${name} from entry ${first} on`, index);
    if (end !== null && index >= end) throw badKey("ended", `${name} before entry ${end}`, index);
    return period;
  }

  /** Check every signature of an entry; all must be of one organisation. */
  async verifyEntry(index, { type, payload, signatures }, roles) {
    const signers = [];
    for (const { keyid, sig } of signatures) {
      const period = this.require(keyid, index, roles);
      await verifyEd25519(period.publicKey, pae(type, payload), sig);
      signers.push(period);
    }
    if (new Set(signers.map(({ organisation }) => organisation)).size !== 1) {
      throw untrue("statement.signers", "signatures of one organisation", "several");
    }
    return signers[0];
  }

  authorise(index, signatures, statement) {
    const { action, role, issuer, organisation } = statement;
    const what = `${action} a ${role} key of ${organisation}`;
    if (signatures.length !== 1) throw badKey("unauthorised", `one signature to ${what}`);
    const signer = this.require(signatures[0].keyid, index, ADMIN_ROLES);
    if (signer.organisation !== issuer || !this.allows(signer, index, statement)) {
      throw badKey("unauthorised", `a key that may ${what}`, `one of ${signer.organisation}`);
    }
    return signer;
  }

  allows(signer, index, { action, role, organisation, keyid, replaces, from_index }) {
    const all = [...this.keys.values()];
    const own = all.filter((key) => key.organisation === organisation);
    // The log's owner, who began it, may bring in other organisations.
    if (!own.length) return signer.organisation === all[0].organisation && action === "add";
    const guarded = own.some((key) => this.guards(key, index));
    const target = this.keys.get(replaces || keyid);
    // A stolen producer key must not void the recovery key, by ending from before it the key that
    // added it.
    const earlier = action === "revoke" && (from_index ?? index) < index;
    const touches = role === "recovery" || target?.role === "recovery" || earlier;
    const ours = signer.organisation === organisation;
    return ours && (signer.role === "recovery" || !touches || !guarded);
  }

  /** Tell whether a recovery key guards the recovery keys: a void one does not, or a thief's
   * would lock the owner out. */
  guards({ role, keyid, first }, index) {
    if (role !== "recovery") return false;
    try {
      return Boolean(this.require(keyid, Math.max(index, first), ["recovery"]));
    } catch {
      return false;
    }
  }

  async add(index, statement, signer) {
    const { keyid, organisation, role, replaces } = statement;
    if (this.keys.has(keyid)) throw badKey("statement", "a new key", `${short(keyid)} again`);
    const period = await periodOf(index, statement, signer);
    const { first, end } = period;
    if (first < index || (end !== null && end <= first)) {
      throw badKey("statement", `a key valid from ${index} on`, `from ${first} to ${end}`);
    }
    if (typeof replaces === "string") {
      if (this.keys.get(replaces)?.role !== role) {
        throw badKey("statement", `a ${role} key to replace`, "another or none");
      }
      this.end(replaces, organisation, Math.max(first, index + 1)); // its last word is this one
    }
    this.keys.set(keyid, period);
  }

  revoke(index, { keyid, organisation, role, from_index }, signer) {
    const target = this.keys.get(keyid);
    if (target?.role !== role) throw badKey("statement", `a ${role} key to end`, target?.role);
    this.end(keyid, organisation, from_index ?? index + 1);
    try {
      this.require(signer, index, ADMIN_ROLES);
    } catch (fault) {
      this.keys.set(keyid, target);
      throw badKey("statement", "a revocation that its signer outlives", `none (${fault.message})`);
    }
  }

  end(keyid, organisation, end) {
    const period = this.keys.get(keyid);
    if (period?.organisation !== organisation) {
      throw badKey("statement", `a key of ${organisation} to end`, short(keyid));
    }
    // What has ended does not come back.
    if (period.end === null || end < period.end) this.keys.set(keyid, { ...period, end });
  }
}

function genesis(index, statement) {
  const { action, role, issuer, organisation, keyid, replaces, from_index } = statement;
  const begins = index === 0 && action === "add" && role === "producer";
  const alone = (replaces ?? null) === null && (from_index ?? 0) === 0;
  if (!begins || !alone || issuer !== organisation) {
    throw badKey("genesis", "the log's first entry to add its owner's producer key", `entry ${index}`);
  }
  return periodOf(index, statement, keyid);
}

/** Check that a key of another organisation agreed: a public key alone is anybody's to copy. */
async function requirePossession({ organisation, role, keyid, public: key, proof }) {
  // Canonical JSON: fields by name, strings as JSON.stringify writes them (RFC 8785, 3.2.2.2).
  const said = JSON.stringify({ keyid, organisation, role });
  const text = new TextEncoder().encode(`counterfoil key possession v1\n${said}`);
  if ((proof ?? null) === null) throw badKey("possession", "a signature by the key", "none");
  await verifyEd25519(canonicalBase64(key), text, canonicalBase64(proof));
}

async function periodOf(index, statement, addedBy) {
  const publicKey = canonicalBase64(statement.public);
  const { keyid, organisation, role, from_index, until_index } = statement;
  if (publicKey.length !== 32 || (await fingerprint(publicKey)) !== keyid) {
    throw badKey("statement", `the public key of ${short(keyid)}`);
  }
  const [first, end] = [from_index ?? index, until_index ?? null];
  return { keyid, publicKey, organisation, role, first, end, addedAt: index, addedBy };
}

const short = (keyid) => keyid.slice(0, 16);
const badKey = (code, expected, found) => untrue(`key.${code}`, expected, found);
