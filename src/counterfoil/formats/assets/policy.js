// The reader's policy (C2SP tlog-policy): whom to believe, and how many witnesses it takes.
//
// It is the reader's own. Nothing in it may come from the receipt, whose writer could otherwise
// choose who vouches for it.
import { malformed, onFault, parseDecimal, toHex, utf8 } from "./bytes.js";
import { COSIGNATURE, ED25519, MLDSA44, parseVkey } from "./notes.js";

const NONE = "none";
const refuse = (part, expected, found) => malformed(`policy.${part}`, expected, found);

/** Read a policy to {logs: [{key}], witnesses: [{name, key}], groups, quorum}. */
export async function parsePolicy(text) {
  if (utf8(text).length > 1 << 20) throw refuse("too-long", "at most 1 MiB", "more");
  if (/[\0-\x08\x0b-\x1f\x7f]/.test(text)) throw refuse("octet", "no control characters", "one");
  // A policy that was cut short could ask for less than its owner meant.
  if (!text.endsWith("\n")) {
    throw refuse("line-end", "a newline after the last line", "none: is anything missing?");
  }
  const scope = new Scope();
  for (const [i, line] of text.slice(0, -1).split("\n").entries()) {
    const words = line.split(/[ \t]+/).filter((word) => word !== "");
    if (words.length === 0 || words[0].startsWith("#")) continue;
    try {
      await scope.read(words);
    } catch (fault) {
      fault.message = `line ${i + 1}: ${fault.message}`;
      throw fault;
    }
  }
  if (scope.quorum === null) throw refuse("quorum", "one quorum line", "none");
  return scope;
}

/** What the lines so far define; each method checks one line against them. */
class Scope {
  logs = [];
  witnesses = [];
  groups = [];
  quorum = null;
  names = new Set([NONE]);
  members = new Set();
  publics = new Set();
  keyIds = new Set();

  async read(words) {
    const [word, name, ...rest] = words;
    const [least, most, form] = FORMS[word] ?? [];
    if (!form) throw refuse("word", "log, witness, group or quorum", word);
    if (words.length < least || words.length > most) {
      throw refuse("line", `\`${form}\``, `${words.length} words`);
    }
    if (word === "log") this.addLog(await parseVkey(name));
    else if (word === "witness") this.addWitness(name, await parseVkey(rest[0]));
    else if (word === "group") this.addGroup(name, rest[0], rest.slice(1));
    else this.setQuorum(name);
  }

  addLog(key) {
    this.addKey(key, [ED25519, MLDSA44]);
    this.logs.push({ key });
  }

  addWitness(name, key) {
    this.addName(name);
    this.addKey(key, [COSIGNATURE, MLDSA44]);
    this.witnesses.push({ name, key });
  }

  addGroup(name, number, members) {
    const fault = (found) => refuse("threshold", `all, any or 1 to ${members.length}`, found);
    const words = { __proto__: null, all: members.length, any: 1 };
    const threshold = words[number] ?? onFault(() => parseDecimal(number), () => fault(number));
    for (const member of members) {
      this.requireDefined(member);
      if (this.members.has(member)) throw refuse("member", "each member once", member);
      this.members.add(member);
    }
    this.addName(name);
    if (threshold < 1 || threshold > members.length) throw fault(threshold);
    this.groups.push({ name, threshold: Number(threshold), members });
  }

  setQuorum(name) {
    if (this.quorum !== null) throw refuse("quorum", "one quorum line", "a second");
    if (name !== NONE) this.requireDefined(name);
    this.quorum = name;
  }

  addName(name) {
    if (this.names.has(name)) throw refuse("duplicate-name", "a new name", name);
    this.names.add(name);
  }

  requireDefined(name) {
    if (!this.names.has(name) || name === NONE) {
      throw refuse("unknown-name", "a name defined above", name);
    }
  }

  addKey({ name, type, publicKey, id }, types) {
    if (!types.includes(type)) throw refuse("key-type", `a key of type ${types.join(" or ")}`, type);
    // One key in two roles would let a log vouch for itself as its own witness.
    const [bytes, label] = [toHex(publicKey), `${id} ${name}`];
    if (this.publics.has(bytes)) throw refuse("duplicate-key", "each key once", id);
    if (this.keyIds.has(label)) throw refuse("ambiguous-key", "different key ids", id);
    this.publics.add(bytes);
    this.keyIds.add(label);
  }
}

const FORMS = {
  __proto__: null, // or a line could begin with `constructor`
  log: [2, 3, "log <vkey> [<url>]"],
  witness: [3, 4, "witness <name> <vkey> [<url>]"],
  group: [4, Infinity, "group <name> all|any|<k> <name>..."],
  quorum: [2, 2, "quorum <name>"],
};

/** Tell whether the witnesses in `present` (names) meet the policy's quorum. */
export function meetsQuorum(policy, present) {
  // Groups name only what stands before them: one pass decides, however deep they nest.
  const met = new Set([...present, NONE]);
  for (const { name, threshold, members } of policy.groups) {
    if (members.filter((member) => met.has(member)).length >= threshold) met.add(name);
  }
  return met.has(policy.quorum);
}

/** Say the quorum's rule in words, one level deep. */
export function quorumWords({ quorum, groups }) {
  if (quorum === NONE) return "no witness";
  const group = groups.find(({ name }) => name === quorum);
  if (!group) return quorum;
  return `${group.threshold} of ${group.members.length} (${group.members.join(", ")})`;
}
