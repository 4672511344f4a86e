// Decide whether a signed checkpoint may be believed under a policy.
import { unable, untrue, utf8 } from "./bytes.js";
import { verifyEd25519 } from "./ed25519.js";
import {
  COSIGNATURE, cosignedMessage, ED25519, MLDSA44, parseCheckpoint, parseCosignature, parseNote,
  sameKey,
} from "./notes.js";
import { meetsQuorum, quorumWords } from "./policy.js";

const CLOCK_SKEW_S = 300n;

/** Check a signed checkpoint against a policy.
 *
 * now: seconds since 1970, or null to judge no time. Returns {checkpoint, log, cosigners: [{name,
 * time}], unchecked: the signatures by the policy's ML-DSA-44 keys}. */
export async function evaluate(policy, note, now) {
  const { text, signatures } = parseNote(note);
  const checkpoint = parseCheckpoint(text);
  const { origin } = checkpoint;
  const logs = policy.logs.filter(({ key }) => key.name === origin);
  if (logs.length === 0) {
    const known = policy.logs.map(({ key }) => key.name).join(", ") || "no log";
    throw untrue("trust.unknown-log", `a checkpoint of ${known}`, `one of ${origin}`);
  }
  const signed = await openNote(text, signatures, [...policy.logs, ...policy.witnesses]);
  if (signed.length === 0) {
    throw untrue("trust.no-known-signature", "a signature by a key of the policy", "none");
  }
  const isLog = ({ key }) => logs.some((log) => sameKey(log.key, key));
  const verified = signed.filter(({ checked }) => checked);
  const log = verified.find(isLog);
  if (!log) {
    if (signed.some(isLog)) throw onlyMldsa("the log's only known signature");
    throw untrue("trust.log-signature", `a signature by the log ${origin}`, "none");
  }
  const cosigners = countCosigners(policy, verified, now);
  if (!meetsQuorum(policy, cosigners.map(nameOf))) {
    if (meetsQuorum(policy, countCosigners(policy, signed, now).map(nameOf))) {
      throw onlyMldsa("a cosignature that the quorum needs");
    }
    const came = cosigners.map(nameOf).join(", ") || "none";
    throw untrue("trust.quorum", `cosignatures of ${quorumWords(policy)}`, came);
  }
  return { checkpoint, log: log.key, cosigners, unchecked: signed.filter((s) => !s.checked) };
}

const nameOf = ({ name }) => name;

const onlyMldsa = (what) =>
  unable("browser.ml-dsa-44", `${what} is by ML-DSA-44, which this page cannot check`);

/** Verify the lines by known keys. One bad line by a known key rejects the note. */
async function openNote(text, lines, known) {
  const signed = [];
  for (const { name, id, signature } of lines) {
    const key = known.find((owner) => owner.key.name === name && owner.key.id === id)?.key;
    if (!key) continue;
    try {
      signed.push({ key, ...(await verifyLine(text, signature, key)) });
    } catch (fault) {
      fault.message = `signature of ${name}: ${fault.message}`;
      throw fault;
    }
  }
  return signed;
}

async function verifyLine(text, signature, { type, publicKey }) {
  if (type === ED25519) {
    await verifyEd25519(publicKey, utf8(text), signature);
    return { checked: true, time: null };
  }
  const stamped = parseCosignature(signature);
  if (!stamped) throw untrue("signature.invalid", "a time and a signature");
  const { time } = stamped;
  if (type === COSIGNATURE) {
    await verifyEd25519(publicKey, cosignedMessage(time, text), stamped.signature);
  } else if (stamped.signature.length !== 2420) {
    throw untrue("signature.length", "a signature of 2420 bytes", stamped.signature.length);
  }
  return { checked: type !== MLDSA44, time };
}

/** Give the policy's witnesses among the signers, each once, with its latest time. */
function countCosigners({ witnesses }, signed, now) {
  const inTime = (time) => time !== null && (now === null || time <= BigInt(now) + CLOCK_SKEW_S);
  return witnesses.flatMap(({ name, key }) => {
    const times = signed.filter((line) => sameKey(line.key, key) && inTime(line.time));
    return times.length ? [{ name, time: times.map(({ time }) => time).sort(byValue).at(-1) }] : [];
  });
}

const byValue = (a, b) => (a < b ? -1 : Number(a > b));
