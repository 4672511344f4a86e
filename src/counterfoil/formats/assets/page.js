// The page: run the checks and say what they found, in words first.
//
// It says "intact" when everything holds under the key that came with the receipt, and speaks of
// trust only against a policy that the reader brings.
import { fingerprint } from "./bytes.js";
import { byId, copyButton, el, icon, stateLine, visible } from "./dom.js";
import { verifyEd25519 } from "./ed25519.js";
import {
  checkLines, factParts, judgementOf, nowSeconds, number, outline, pathParts, sentence,
} from "./findings.js";
import { lyingStick } from "./tally.js";
import { CHECKS, verifyReceipt } from "./verify.js";

const COMMAND = "counterfoil verify FILE --policy POLICY";

const show = (id, ...children) => {
  byId(id).replaceChildren(...children);
  byId(id).hidden = false;
};

async function main() {
  const receiptText = byId("receipt").textContent;
  const logKey = JSON.parse(byId("log-key").textContent);
  const result = await verifyReceipt(receiptText, `log ${logKey}\nquorum none\n`, nowSeconds());
  const said = await outline(receiptText);
  await showVerdict(result, said);
  byId("facts").replaceChildren(...factParts(result, said));
  show("checks", el("h2", {}, "What was checked"), el("ol", {}, ...checkLines(result, said)));
  if (result.found.way) show("path", ...pathParts(result));
  showRaw(receiptText, result, said);
  listenForPolicy(receiptText);
}

const VERDICTS = {
  holds: ["ok", "Intact"],
  fails: ["bad", "Not intact"],
  unable: ["wait", "Could not be checked here"],
};

async function showVerdict({ outcome, fault, passed, found }, said) {
  const [state, word] = VERDICTS[outcome];
  const lines = [el("h1", {}, icon(state), outcome === "holds" ? `${word} under key` : word)];
  if (outcome === "holds") {
    const key = await fingerprint(found.trusted.log.publicKey);
    const { origin, size } = found.trusted.checkpoint;
    const { index } = found.receipt.record;
    lines.push(
      el("p", {}, el("code", { class: "print", id: "fingerprint" }, key.match(/.{4}/g).join(" ")), " ",
        copyButton(key, "the key's fingerprint")),
      el("p", {}, `Entry ${number(index)} of ${visible(origin)}, as of size ${number(size)}.`),
      el("p", { id: "grade" }),
    );
  } else {
    const failed = Object.keys(CHECKS)[passed.length];
    const why = `Do not rely on this receipt: the check of its ${failed} fails. [${fault.code}]`;
    lines.push(el("p", {}, outcome === "fails" ? why : sentence(fault)));
    if (outcome === "unable") lines.push(el("p", {}, "Check it with ", el("code", {}, COMMAND)));
  }
  document.title = `${word}: a Counterfoil receipt`;
  document.documentElement.dataset.outcome = outcome;
  byId("verdict").className = state;
  show("verdict", ...lines);
  const path = said.receipt?.record.path ?? [];
  show("stick", lyingStick(found.way ?? path.map((_, i) => ({ side: i % 2 ? "left" : "right" })), state));
  byId("trust").hidden = outcome === "fails";
}

function showRaw(receiptText, { outcome }, said) {
  const raw = (title, text, label) =>
    el("details", {}, el("summary", {}, title), el("pre", { tabindex: 0 }, visible(text)), copyButton(text, label));
  const note = (...text) => el("p", { class: "note" }, ...text);
  const parts = [
    note("This page came with the receipt, and whoever made the file could have made the page. ",
      "Independent of it: ", el("code", {}, COMMAND), " reads this file."),
  ];
  if (outcome === "holds") {
    parts.unshift(note("Shown: that the record stood in the log, signed, at the size above. Not " +
      "shown: that it is true, that all was recorded, or that no key was revoked later."));
  }
  if (said.receipt) parts.push(raw("Checkpoint, as signed", said.receipt.checkpoint, "the checkpoint"));
  const json = said.receipt ? JSON.stringify(JSON.parse(receiptText), null, 1) : receiptText;
  parts.push(raw("Receipt, raw JSON", json, "the receipt"));
  byId("raw").replaceChildren(...parts);
}

function listenForPolicy(receiptText) {
  let asked = 0;
  const judge = async () => {
    const turn = (asked += 1);
    const text = byId("policy").value;
    const judged = text.trim() ? await verifyReceipt(receiptText, text, nowSeconds()) : null;
    if (turn === asked) showJudgement(judged); // a slower answer to an older text is dropped
  };
  byId("policy").addEventListener("input", judge);
  byId("file").addEventListener("change", async ({ target }) => {
    byId("policy").value = await target.files[0].text();
    judge();
  });
  judge();
}

function showJudgement(judged) {
  const [state, word, detail, ...more] = judged ? judgementOf(judged) : UNJUDGED;
  document.documentElement.dataset.trust = judged ? state : "none";
  const lines = more.map((line) => el("div", {}, line));
  byId("judgement").replaceChildren(stateLine("div", state, word, detail, ...lines));
  const link = el("a", { href: "#trust" }, judged ? word : "Do you trust this key?");
  byId("grade")?.replaceChildren(link, ` ${judged ? detail : ""}`);
}

const UNJUDGED = ["wait", "Not judged yet.", "Witnesses, too, count only where your policy names them."];

// For programs that drive this page; nothing here can change what it shows.
globalThis.counterfoil = Object.freeze({ verifyEd25519, verifyReceipt });
main();
