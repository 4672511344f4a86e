// What the page carries: receipts of several logs, packed so that they share hashes, and claims of
// whoever made the page. The receipts come out as the very texts that `counterfoil verify` takes.
import { malformed, toBase64, utf8 } from "./bytes.js";
import { parseJson, plain } from "./json.js";
import { misfit } from "./shape.js";

const BUNDLE = "https://counterfoil.dev/shopper-page/v1";
const RECEIPT = "https://counterfoil.dev/receipt/v1";
const TEXT = { type: "string" };
const COUNT = { type: "integer", min: 0 };
const PLACES = { items: COUNT, max: 63 };
const FORM = {
  fields: {
    type: { enum: [BUNDLE] }, thing: TEXT, brand: TEXT, made_ms: COUNT, policy: TEXT,
    left_out: COUNT, low_c: { pattern: "^(-?\\d{1,3}(\\.\\d{1,3})?)?$" },
    high_c: { pattern: "^(-?\\d{1,3}(\\.\\d{1,3})?)?$" }, doubts: { items: TEXT },
    logs: {
      max: 256,
      items: {
        fields: {
          key: TEXT, checkpoint: TEXT, hashes: { items: TEXT },
          entries: { items: { tuple: [COUNT, TEXT, PLACES], min: 3, max: 3 } },
          keys: { items: COUNT },
          records: { items: { tuple: [COUNT, { type: "integer", min: -1 }, PLACES], min: 3, max: 3 } },
        },
      },
    },
  },
};

/** Read the text of a bundle. */
export function parseBundle(text) {
  const node = parseJson(text);
  const where = misfit(node, FORM);
  if (where !== null) throw malformed("label.malformed", "what a shopper's page carries", `another at ${where}`);
  return plain(node);
}

/** Give the receipts of a bundle as texts. */
export const receiptsOf = ({ logs }) =>
  logs.flatMap((packed) => packed.records.map((record) => receiptOf(packed, record)));

function receiptOf(packed, [record, batch, path]) {
  const keys = packed.keys.map((place) => proofOf(packed, place));
  const whole = {
    type: RECEIPT, checkpoint: packed.checkpoint, record: proofOf(packed, record), keys,
  };
  if (batch >= 0) whole.batch = { signature: proofOf(packed, batch), path: hashesOf(packed, path) };
  return JSON.stringify(whole);
}

function proofOf(packed, place) {
  if (place >= packed.entries.length) throw misplaced();
  const [index, text, path] = packed.entries[place];
  return { index, entry: toBase64(utf8(text)), path: hashesOf(packed, path) };
}

const hashesOf = ({ hashes }, path) =>
  path.map((place) => {
    if (place >= hashes.length) throw misplaced();
    return hashes[place];
  });

const misplaced = () => malformed("label.malformed", "places inside of what the page carries", "others");
