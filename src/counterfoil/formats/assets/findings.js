// What a check of a receipt found, in words and pictures, for whatever page shows it.
//
// Everything that a receipt says becomes text and attributes, never markup.
import { toHex } from "./bytes.js";
import { el, hash, stateLine, table, visible } from "./dom.js";
import { leafHash } from "./merkle.js";
import { parseEntry, parsePredicate, parseReceipt } from "./entries.js";
import { parseObject } from "./json.js";
import { parseCheckpoint, parseNote } from "./notes.js";
import { pathFigure } from "./tally.js";
import { CHECKS } from "./verify.js";

const ROWS_MAX = 300;

export const number = (value) => value.toLocaleString("en");
const DATE_MAX = 8.64e15; // ECMAScript's last date, ms; what is signed may lie beyond it
const date = (ms) =>
  ms > DATE_MAX ? `${ms} ms` : new Date(ms).toISOString().replace("T", " ").replace(/(\.000)?Z$/, " UTC");
export const nowSeconds = () => Math.floor(Date.now() / 1000);
export const sentence = ({ message }) => visible(message[0].toUpperCase() + message.slice(1) + ".");
/** Read what the file says, proven or not; what cannot be read is left out. */
export async function outline(receiptText) {
  const said = { rows: [] };
  const steps = [
    () => (said.receipt = parseReceipt(receiptText)),
    () => (said.note = parseNote(said.receipt.checkpoint)),
    () => (said.checkpoint = parseCheckpoint(said.note.text)),
    async () => (said.leaf = toHex(await leafHash(said.receipt.record.entry))),
    async () => (said.entry = await parseEntry(said.receipt.record.entry)),
    () => (said.predicate = said.entry.statement && parsePredicate(said.entry.statement)),
    () => (said.rows = contentRows(said)),
  ];
  try {
    for (const step of steps) await step();
  } catch {
    said.partial = true; // the checks say what is wrong
  }
  return said;
}

/** Flatten a JSON object to [path, text] rows, numbers as they were written. */
function flatten(node, text, path) {
  const isTree = node.type === "object" || node.type === "array";
  const items = isTree ? [...node.value.entries()] : [];
  if (items.length === 0) {
    const shown = node.type === "string" ? visible(node.value) : text.slice(node.start, node.end);
    return [[path, shown]];
  }
  return items.flatMap(([key, item]) => {
    const step = node.type === "array" ? `[${key}]` : `${path && "."}${key}`;
    return flatten(item, text, path + step);
  });
}

function contentRows({ receipt, entry, predicate }) {
  if (!entry.statement) {
    const { batch } = entry;
    return [["batch signature", `over ${number(batch.count)} entries`], ["made", date(batch.at_ms)]];
  }
  const text = receipt.row?.content ?? predicate?.content ?? receipt.content;
  if (text !== null && text !== undefined) return flatten(parseObject(text), text, "");
  return flatten(entry.statement.predicate, entry.statement.text, "");
}

/** Say what was recorded, by whom and where it stands, as elements. */
export function factParts(result, said) {
  const { receipt, entry, predicate, checkpoint } = said;
  const holds = result.outcome === "holds";
  const title = holds ? "What was recorded" : "What the file says (not proven)";
  const parts = [el("h2", {}, title), table(said.rows.slice(0, ROWS_MAX))];
  if (said.rows.length > ROWS_MAX) {
    parts.push(el("p", { class: "note" }, `${said.rows.length - ROWS_MAX} more fields below, in the raw JSON.`));
  }
  if (said.rows.length === 0) parts.push(el("p", { class: "note" }, "It cannot be read."));
  if (entry?.statement) {
    const value = predicate?.value ?? {};
    const rows = [["kind", visible(entry.statement.type)]];
    for (const name of ["issuer", "source", "number", "corrects", "supersedes"]) {
      if (value[name] !== undefined) rows.push([name, visible(value[name])]);
    }
    if (receipt.row) rows.push(["row", `${number(receipt.row.row)}, counted from 0, of ${number(value.rows ?? 0)}`]);
    parts.push(el("h2", {}, "The statement"), table(rows));
  }
  if (holds) parts.push(el("h2", {}, "Who signed it"), table(signerRows(result.found)));
  if (checkpoint) {
    const rows = [
      ["log", visible(checkpoint.origin)],
      ["entry", `${number(receipt.record.index)}, counted from 0`],
      ["size", `${number(checkpoint.size)} entries`],
    ];
    if (said.leaf) rows.push(["leaf", hash(said.leaf, "the leaf's hash")]);
    rows.push(["root", hash(toHex(checkpoint.root), "the root")]);
    parts.push(el("h2", {}, "Where it stands"), table(rows));
  }
  return parts;
}

function signerRows({ signer, signedAt, batch, trusted }) {
  const until = signer.end === null
    ? `no end as of size ${number(trusted.checkpoint.size)}`
    : `before entry ${number(signer.end)}`;
  return [
    ["organisation", visible(signer.organisation)],
    ["role", signer.role],
    ["key", hash(signer.keyid, "the signer's key")],
    ["valid", `from entry ${number(signer.first)}, ${until}`],
    ["signed", signedAt === null ? "at a time it does not say" : `${date(signedAt)}, by the signer's clock`],
    ...(batch ? [["batch", `one signature over ${number(batch.count)} entries, at ${number(batch.index)}`]] : []),
  ];
}

const count = (list, what) => `${list.length} ${what}${list.length === 1 ? "" : "s"}`;

const DETAILS = {
  form: ["Form", () => "The file is a receipt, in its one form."],
  checkpoint: ["Checkpoint", ({ trusted: { log } }) =>
    `Signed by the log ${visible(log.name)}, key ${log.id}.`],
  keys: ["Keys", ({ receipt: { keys } }) =>
    `${count(keys, "key statement")} in the log, each signed by whom it must be.`],
  place: ["Place", ({ receipt: { record }, way }) =>
    `Entry ${number(record.index)} leads to the root through ${count(way, "hash value")}.`],
  signature: ["Signature", ({ batch }) =>
    batch ? "Over the batch that the record is part of." : "Over the record itself."],
  statement: ["Statement", () => "Its issuer, its log and its digest fit."],
  content: ["Content", ({ content, receipt: { row } }) => {
    if (row) return `Row ${number(row.row)} belongs to the block.`;
    return content === null ? "This file discloses none." : "It is what was signed.";
  }],
};

/** Say of each check whether it holds, as lines of a list. */
export function checkLines({ fault, passed, found }, said) {
  const lines = [];
  let failed = false;
  for (const name of Object.keys(CHECKS)) {
    const [label, detail] = DETAILS[name] ?? ["Log key"];
    if (passed.includes(name)) {
      if (detail) lines.push(stateLine("li", "ok", `${label}: holds.`, detail(found)));
    } else if (!failed) {
      failed = true;
      const [state, word] = fault.kind === "unable" ? ["wait", "not checked"] : ["bad", "fails"];
      lines.push(stateLine("li", state, `${label}: ${word}.`, sentence(fault)));
    } else if (detail) {
      lines.push(stateLine("li", "wait", `${label}: not reached.`));
    }
  }
  const unable = said.note?.signatures.filter(({ signature }) => signature.length === 2428) ?? [];
  if (unable.length > 0) {
    const why = `${count(unable, "such signature")}, which the command line checks and no browser.`;
    lines.push(stateLine("li", "wait", "ML-DSA-44: not checked.", why));
  }
  for (const { chain_id, block, transaction } of said.receipt?.anchors ?? []) {
    const text = `Chain ${chain_id}, block ${number(block)}, `;
    lines.push(stateLine("li", "wait", "Anchor: a claim.", text, hash(transaction, "the transaction")));
  }
  return lines;
}

/** Draw the proof path, as elements. */
export function pathParts({ found: { way, trusted, receipt } }) {
  const [index, size] = [number(receipt.record.index), number(trusted.checkpoint.size)];
  const label = `Proof path: ${way.length} hashes from entry ${index} to the root of ${size} entries`;
  return [el("h2", {}, "The proof path"),
    el("figure", {}, pathFigure(way, label), el("figcaption", {},
      "Each notch is a neighbour's hash, on its side. Change one byte and they lead elsewhere."))];
}

/** Say what a policy makes of a receipt: its state, a word, a sentence, and more of them. */
export function judgementOf({ outcome, fault, found }) {
  if (outcome === "unable") return ["wait", "Could not be judged here.", sentence(fault)];
  if (outcome === "fails") {
    const word = found.policy ? "Not trusted by your policy." : "Your policy cannot be read.";
    return ["bad", word, sentence(fault)];
  }
  const { cosigners, unchecked } = found.trusted;
  const others = (all) => all.filter(({ name }) => name !== "self").length;
  const grade = others(cosigners)
    ? `witnessed ${others(cosigners)} of ${others(found.policy.witnesses)}.`
    : cosigners.length
      ? "self-witnessed."
      : "signed by the log alone.";
  const who = cosigners.map(({ name, time }) => {
    const when = time ? `${date(Number(time) * 1000)}, by its own clock` : "no time";
    return `${visible(name)}: ${when}`;
  });
  const more = unchecked.length ? [`${count(unchecked, "ML-DSA-44 signature")} not checked.`] : [];
  return ["ok", "Trusted by your policy:", grade, ...who, ...more];
}
