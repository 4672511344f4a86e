// The shopper's page: check every receipt, read the story from what was proven, and say first whether
// it can be believed. Nothing that the file says besides is shown as proven.
import { Fault, fingerprint, toHex, unable } from "./bytes.js";
import { byId, el, hash, icon, stateLine, table, visible } from "./dom.js";
import { parseBundle, receiptsOf } from "./carried.js";
import { leafHash } from "./merkle.js";
import { calledOf, eventOf, labelOf } from "./told.js";
import { canonicalName, className, lotName } from "./naming.js";
import { lifeOf, unbegun } from "./life.js";
import { hostOf, judgeKeys, policyName, readLink } from "./pinning.js";
import { warmthParts } from "./warmth.js";
import { verifyReceipt } from "./verify.js";

const CALLED = new Map(); // thing or place -> [who, what they call it], of each who says it
const OPENED = globalThis.location.href;

const put = (id, ...children) => {
  byId(id).replaceChildren(...children);
  byId(id).hidden = children.length === 0;
};

async function main() {
  let found;
  try {
    found = await readAll(byId("bundle").textContent);
  } catch (error) {
    const fault = error instanceof Fault ? error : unable("browser.error", String(error));
    found = { outcome: fault.kind === "unable" ? "unable" : "fails", fault, bundle: null };
  }
  document.documentElement.dataset.outcome = found.outcome;
  await showKeys(found);
  if (found.bundle) {
    await showStory(found);
    listenForLink(found);
  } else {
    put("way");
  }
  showLimits(found);
}

/** Verify all receipts; the first that does not hold speaks for all. */
async function readAll(text) {
  const bundle = parseBundle(text);
  const now = Math.floor(Date.now() * 0.001);
  const events = [];
  const leaves = new Set();
  let label = null;
  let fault = null;
  let outcome = "holds";
  for (const receipt of receiptsOf(bundle)) {
    const result = await verifyReceipt(receipt, bundle.policy, now);
    if (result.outcome === "holds") {
      const event = eventOf(result.found);
      if (event) events.push(event);
      leaves.add(toHex(await leafHash(result.found.receipt.record.entry)));
      const known = calledOf(result.found);
      if (known) {
        const who = result.found.signer.organisation;
        CALLED.set(known[0], [...(CALLED.get(known[0]) ?? []), [who, known[1]]]);
      }
      const listed = labelOf(result.found);
      if (listed && listed.thing === bundle.thing && !(label && label.made > listed.made)) label = listed;
      continue;
    }
    if (outcome === "fails") continue;
    if (outcome === "holds" || result.outcome === "fails") ({ outcome, fault } = result);
  }
  const { steps, strangers } = lifeOf(bundle.thing, events);
  if (outcome === "holds" && steps.length === 0) {
    outcome = "fails";
    fault = new Fault("verification", "label.empty", "expected a proven step of this product, found none");
  }
  const missing = label ? label.leaves.filter((leaf) => !leaves.has(leaf)).length : 0;
  if (outcome === "holds" && missing > 0) {
    outcome = "fails";
    const all = `all ${label.leaves.length} records that ${label.signer.organisation} listed`;
    fault = new Fault("verification", "label.incomplete", `expected ${all}, found ${missing} missing`);
  }
  return { outcome, fault, bundle, steps, strangers, label };
}

const VERDICTS = {
  holds: ["ok", "As it was written"],
  fails: ["bad", "No: do not rely on this page"],
  unable: ["wait", "Could not be checked here"],
};

async function showKeys(found, pasted = null) {
  const { outcome, fault, bundle, steps } = found;
  let [state, word] = VERDICTS[outcome];
  const keys = bundle ? await judgeKeys(bundle, OPENED, pasted) : null;
  const lines = [];
  if (outcome === "holds") {
    const [keyState, name, keyWord, detail] = keys;
    document.documentElement.dataset.trust = name;
    if (keyState !== "ok") [state, word] = UNPINNED[keyState];
    if (recallsIn(steps).length > 0) {
      [state, word] = ["bad", "Recalled"];
      lines.push(el("p", {}, "A company of its chain says that this product is recalled."));
    }
    const organisations = new Set(steps.map(({ event }) => event.signer.organisation)).size;
    lines.push(el("p", {}, `${count(steps.length, "step")} of ${count(organisations, "company", "companies")}, ` +
      "each signed, and each in a log that cannot be changed unseen. Not one byte of them was changed since."));
    put("keys", stateLine("div", keyState, keyWord, visible(detail)), ...lookAt(bundle, name));
  } else {
    document.documentElement.dataset.trust = "none";
    const said = `${fault.message[0].toUpperCase()}${fault.message.slice(1)}.`;
    lines.push(el("p", {}, outcome === "fails" ? "Something in it does not hold. " : "", visible(said), ` [${fault.code}]`));
    if (outcome === "unable") lines.push(el("p", {}, "Check it with ", el("code", {}, "counterfoil supply label-check FILE")));
    put("keys");
  }
  byId("verdict").className = state;
  put("verdict", el("h1", {}, icon(state), word), ...lines);
  document.title = `${word}: where it comes from`;
}

const UNPINNED = {
  wait: ["wait", "As it was written, by keys that nobody vouched for yet"],
  bad: ["bad", "No: do not rely on this page"],
};

/** Say what only the reader's own eyes can tell: a page that somebody else made can say anything. */
function lookAt({ brand }, name) {
  if (brand === "") return [];
  const text = name === "pinned"
    ? "Look at your browser's address bar: it must say "
    : "It counts only if your browser's address bar says ";
  return [el("p", { class: "note" }, text, el("strong", {}, visible(hostOf(brand))),
    ". Anybody can copy this page to another address and change what it says, this line too.")];
}

async function showStory({ outcome, bundle, steps, strangers, label }) {
  const own = steps.filter(({ level }) => level === 0);
  const sources = steps.filter(({ level }) => level > 0);
  byId("subject").textContent = called(bundle.thing);
  put("warnings", ...warnings(bundle, steps, strangers, label));
  if (outcome !== "holds") return put("way");
  put("about", el("h2", {}, "What it is"), table(aboutRows(bundle, own, sources)));
  put("way", el("h2", {}, "Its way"), stepList(own, bundle.thing), ...madeOf(sources));
  const { low_c: low, high_c: high } = label ?? bundle;
  const named = label ? `${visible(label.signer.organisation)}, who signed them` : "whoever made this page";
  const limits = { low: limitOf(low), high: limitOf(high), named };
  const warm = warmthParts(own, limits, date);
  put("warm", ...(warm.length ? [el("h2", {}, "Temperatures"), ...warm] : []));
  const papers = steps.flatMap(({ event }) => event.certificates.map((text) => [text, event]));
  put("papers", ...(papers.length ? [el("h2", {}, "Certificates that were named"),
    el("ul", {}, ...papers.map(([text, event]) =>
      el("li", {}, el("code", {}, visible(text)), ` named by ${visible(event.signer.organisation)}`))),
    el("p", { class: "note" }, "That they exist and are valid is for you to ask those who issued them.")] : []));
  put("logs", ...(await logParts(bundle, steps)));
}

const recallsIn = (steps) => steps.filter(({ event }) => event.recalls);

const limitOf = (text) => (text === "" ? null : Number(text));

function warnings({ doubts, left_out: leftOut }, steps, strangers, label) {
  const lines = [];
  if (label) {
    const who = visible(label.signer.organisation);
    lines.push(stateLine("div", "ok", `All ${count(label.leaves.length, "record")} that ${who} listed`,
      `on ${date(label.made)} are here.`));
  }
  for (const { event, by } of recallsIn(steps)) {
    lines.push(stateLine("div", "bad", "Recalled:",
      `${visible(event.signer.organisation)} said so of ${called(by)} on ${date(event.time)}.`));
  }
  for (const text of new Set([...doubts, ...(label?.doubts ?? [])])) {
    lines.push(stateLine("div", "bad", "Doubted by who made this page:", visible(text)));
  }
  if (leftOut > 0) {
    lines.push(stateLine("div", "wait", `${count(leftOut, "record")} of its way`, "did not fit into this page."));
  }
  if (strangers > 0) {
    lines.push(stateLine("div", "wait", `${count(strangers, "record")} not shown:`, "not about this product, or declared to be an error."));
  }
  return lines;
}

function aboutRows(bundle, own, sources) {
  const [, gtin] = /\/01\/(\d{14})/.exec(bundle.thing) ?? [];
  const rows = [["product", el("code", {}, visible(bundle.thing.replace("https://id.gs1.org", "")))]];
  if (gtin) rows.push(["GTIN", gtin]);
  const inside = own.map(({ event }) => Object.entries(event.body.ilmd ?? {})).flat()
    .find(([key, value]) => /(?:^|:)descriptionShort$/.test(key) && typeof value === "string");
  const named = wordsFor([bundle.thing, className(bundle.thing)], own[0]?.event);
  if (named || inside) rows.push(["described as", named ?? visible(inside[1])]);
  const first = own[0]?.event;
  if (first) rows.push(["first seen", `${date(first.time)}, ${placeName(first.point || first.place, first)}`]);
  const kinds = new Set(sources.map(({ by }) => className(by) ?? by));
  if (kinds.size) rows.push(["made of", [...kinds].map((name) => described(name)).join(", ")]);
  rows.push(["page made", `${date(bundle.made_ms)}; what was said later is not in it`]);
  return rows;
}

const stepList = (steps, thing) => el("ol", {}, ...steps.map((one) => stepItem(one, thing)));

function stepItem({ event, by }, thing) {
  const facts = [
    ["where", placeName(event.point || event.place, event)],
    ["who", visible(event.signer.organisation) + (event.onBehalf ? ` for ${visible(event.onBehalf)}` : "")],
  ];
  if (by !== thing) facts.push(["inside of", visible(called(by))]);
  if (event.from) facts.push(["taken over from", visible(event.from)]);
  if (event.disposition) facts.push(["state", words(event.disposition)]);
  const values = event.readings.flatMap(({ low, high }) => [low, high]);
  if (values.length) facts.push(["measured", `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)} °C`]);
  const proof = el("details", {}, el("summary", {}, "Proof"), table([
    ["log", visible(event.trusted.checkpoint.origin)],
    ["entry", `${event.index}, as of ${event.trusted.checkpoint.size} entries`],
    ["signed by key", hash(event.signer.keyid, "the signer's key")],
    ["signed", event.signedAt === null ? "at a time it does not say" : `${date(event.signedAt)}, by the signer's clock`],
    ["hash, as said", hash(event.digest, "the hash of the event")],
  ]));
  return el("li", { class: by === thing ? "own" : "held" },
    el("div", { class: "step" }, words(event.step || event.kind)),
    el("div", { class: "note" }, `${date(event.time)}, as said`), table(facts), proof);
}

/** List the steps of what it was made of, thing by thing. */
function madeOf(sources) {
  const things = new Map();
  for (const one of sources) things.set(one.by, [...(things.get(one.by) ?? []), one]);
  return [...things].flatMap(([name, steps]) =>
    [el("h3", {}, `Made of ${described(name, steps[0].event)}`), stepList(steps, name)]);
}

async function logParts(bundle, steps) {
  const seen = new Map();
  for (const { event } of steps) seen.set(event.trusted.checkpoint.origin, event.trusted);
  const parts = [el("h2", {}, "The logs, and who watches them")];
  for (const { checkpoint, log, cosigners } of seen.values()) {
    const others = cosigners.filter(({ name }) => !name.startsWith("self"));
    const who = others.map(({ name, time }) =>
      visible(time ? `${name}, ${date(Number(time) * 1000)}` : name));
    parts.push(table([
      ["log", visible(checkpoint.origin)],
      ["as of", `${checkpoint.size} entries`],
      ["key", hash(await fingerprint(log.publicKey), "the log's key")],
      ["root", hash(toHex(checkpoint.root), "the root")],
      ["witnessed by", who.length ? who.join("; ") : cosigners.length ? "its own witness only" : "nobody"],
    ]));
  }
  parts.push(el("p", { class: "note" }, "Policy ", el("code", {}, await policyName(bundle.policy)),
    bundle.brand ? `. The brand's is at ${visible(bundle.brand)}/.well-known/counterfoil-policy.txt` : "."));
  return parts;
}

function showLimits({ outcome, bundle, steps, label }) {
  const open = outcome === "holds" ? unbegun(bundle.thing, steps) : [];
  const made = bundle ? date(bundle.made_ms) : "";
  put("limits", el("h2", {}, "What is not proven"), el("ul", {},
    el("li", {}, "That what was written is true: only who wrote it, that it stood in their log, and that it is unchanged."),
    el("li", {}, "That the item in your hand is the item of the code: a code can be copied onto another."),
    el("li", {}, "That a sensor was in the box, and measured rightly."),
    el("li", {}, "That nothing was left out: a step that nobody wrote down is missing without a trace",
      label ? "." : ", and so is one that was taken out of this page: nobody signed a list of its records."),
    ...(open.length ? [el("li", {}, `Where these began, of which no beginning is carried here: ${visible(open.map(called).join(", "))}.`)] : []),
    ...(made ? [el("li", {}, `What was said after ${made}, such as a later recall. Open the code again for a newer page.`)] : []),
    el("li", {}, "That this page is the brand's: the address bar of your browser says whose it is.")));
}

function listenForLink(found) {
  byId("code").hidden = found.bundle.brand === "" || found.outcome !== "holds";
  let asked = 0;
  byId("link").addEventListener("input", async ({ target }) => {
    const turn = (asked += 1);
    const text = target.value.trim();
    await Promise.resolve();
    if (turn === asked) await showKeys(found, text === "" ? null : text);
  });
}

const count = (many, one, more = `${one}s`) => `${many} ${many === 1 ? one : more}`;
const words = (text) => visible(text.replace(/_/g, " "));

const LAST_DATE = 8.64e15;
const date = (ms) =>
  Math.abs(ms) > LAST_DATE ? `${ms} ms` : new Date(ms).toISOString().replace("T", " ").replace(/:\d\d(\.\d+)?Z$/, " UTC");

const KINDS = { __proto__: null, "01": "GTIN", "00": "unit", 414: "place GLN", 417: "party", 8003: "asset", 8004: "asset" };

/** Name a thing or place in few words. */
function called(name) {
  const found = /^https:\/\/id\.gs1\.org\/(\d{2,4})\/([^/]+)(?:\/(\d{2,4})\/(.+))?$/.exec(name);
  if (!found) return visible(name);
  const [, key, value, finer, more] = found;
  const kind = { 21: "serial", 10: "lot", 254: "part" }[finer] ?? finer;
  const parts = [`${KINDS[key] ?? key} ${value}`];
  if (finer) parts.push(`${kind} ${decoded(more)}`);
  return visible(parts.join(", "));
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Say what a thing is called by whose step it is, or by whom else; null where nobody says. */
function wordsFor(names, event) {
  const said = names.map((name) => CALLED.get(name)).find(Boolean) ?? [];
  const who = event?.signer.organisation;
  const [whose, text] = said.find(([one]) => one === who) ?? said[0] ?? [];
  if (!text) return null;
  return whose === who ? visible(text) : `${visible(text)}, as ${visible(whose)} calls it`;
}

/** Name a thing by its product's name, where a record tells it. */
function described(name, event) {
  const known = wordsFor([name, className(name)], event);
  return known ? `${known} (${called(name)})` : called(name);
}

function placeName(name, event) {
  if (!name) return "a place it does not say";
  const known = wordsFor([name, name.replace(/\/254\/.*$/, "")], event);
  return known ? `${known} (${called(name)})` : called(name);
}

// For programs that drive this page; nothing here can change what it shows.
globalThis.counterfoil = Object.freeze({ canonicalName, lotName, readLink });
main();
