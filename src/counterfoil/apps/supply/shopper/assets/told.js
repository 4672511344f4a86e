// What a proven entry tells: an EPCIS event, taken from the very bytes that were proven.
//
// Whatever is not of the form that the standard gives is taken as not said.
import { canonicalName, className, lotName } from "./naming.js";
import { parseObject, plain } from "./json.js";

const SUPPLY_EVENT = "https://counterfoil.dev/supply-event/v1";
const SUPPLY_MASTER = "https://counterfoil.dev/supply-master/v1";
const NAMING = [
  "name", "sitename", "locationname", "organizationname", "partyname", "descriptionshort",
  "regulatedproductname", "productname", "functionalname", "productdescription", "description",
];
const SUPPLY_LABEL = "https://counterfoil.dev/supply-label/v1";

export const [ITEM, PARENT, CHILD, INPUT, OUTPUT, LOT] = [0, 1, 2, 3, 4, 5];

/** Read a verified record that lists which records belong to a page; null for another kind. */
export function labelOf({ statement, predicate, signer }) {
  if (!statement || predicate || statement.type !== SUPPLY_LABEL) return null;
  const { thing, records, made_ms, low_c, high_c, doubts } = plain(statement.predicate);
  return {
    thing: textIn(thing), signer,
    leaves: listOf(records).map(objectIn).flatMap(({ leaves }) => listOf(leaves).map(textIn)),
    made: Number.isSafeInteger(made_ms) ? made_ms : 0,
    low_c: limitIn(low_c), high_c: limitIn(high_c), doubts: listOf(doubts).map(textIn),
  };
}

/** Read a verified record of what people call a thing, place or party: [its name here, words]; or
 * null. Which attribute counts is as apps/supply/events/master.py has it. */
export function calledOf({ statement, predicate }) {
  if (!statement || predicate || statement.type !== SUPPLY_MASTER) return null;
  const { thing, attributes } = plain(statement.predicate);
  const said = Object.entries(objectIn(attributes)).map(([key, value]) => [lastWord(key), textIn(value).trim()]);
  const words = NAMING.map((name) => said.find(([key, value]) => key === name && value)?.[1]).find(Boolean);
  return textIn(thing) && words ? [canonicalName(thing), words.slice(0, 200)] : null;
}

const lastWord = (key) => key.replace(/^.*[#/:]/, "").toLowerCase();

const limitIn = (value) => (/^-?\d{1,3}(?:\.\d{1,3})?$/.test(textIn(value)) ? value : "");

const LISTS = [
  ["epcList", "quantityList", ITEM], ["childEPCs", "childQuantityList", CHILD],
  ["inputEPCList", "inputQuantityList", INPUT], ["outputEPCList", "outputQuantityList", OUTPUT],
];

const listOf = (value) => (Array.isArray(value) ? value : []);
const textIn = (value) => (typeof value === "string" ? value : "");
const objectIn = (value) =>
  value !== null && typeof value === "object" && !Array.isArray(value) ? value : {};
/** Take the last word of a term: `urn:epcglobal:cbv:bizstep:shipping` and `cbv:BizStep-shipping`. */
const bare = (value) => textIn(value).replace(/^.*[:/#]/, "").replace(/^(?:BizStep|Disp)-/, "");

/** Read the event of a verified record; null for another kind of statement. */
export function eventOf({ statement, predicate, signer, signedAt, trusted, receipt }) {
  if (!statement || predicate || statement.type !== SUPPLY_EVENT) return null;
  const field = (name) => textIn(statement.predicate.value.get(name)?.value);
  const body = plain(parseObject(field("event")));
  const time = Date.parse(textIn(body.eventTime));
  if (Number.isNaN(time)) return null;
  return {
    body, time, offset: textIn(body.eventTimeZoneOffset),
    kind: textIn(body.type), action: textIn(body.action),
    step: bare(body.bizStep), disposition: bare(body.disposition),
    point: placeOf(body.readPoint), place: placeOf(body.bizLocation),
    transformation: body.transformationID ? canonicalName(textIn(body.transformationID)) : "",
    parts: partsOf(body),
    readings: readingsOf(body, time),
    alarm: reportsOf(body).some(([, report]) => bare(report.exception) === "ALARM_CONDITION"),
    certificates: certificatesOf(body),
    recalls: [body.disposition, ...listOf(objectIn(body.persistentDisposition).set)]
      .some((one) => bare(one) === "recalled"),
    mistaken: Boolean(body.errorDeclaration),
    signer, signedAt, trusted, index: receipt.record.index, onBehalf: field("on_behalf_of"),
    digest: field("digest"),
    from: textIn(objectIn(plain(statement.predicate).received).origin),
  };
}

const placeOf = (value) => {
  const id = textIn(objectIn(value).id);
  return id && canonicalName(id);
};

function partsOf(body) {
  const parts = [];
  const lot = lotOf(body);
  const lots = new Set();
  if (body.parentID) parts.push({ name: canonicalName(textIn(body.parentID)), role: PARENT });
  for (const [epcs, quantities, role] of LISTS) {
    for (const epc of new Set(listOf(body[epcs]).map(textIn))) {
      const name = canonicalName(epc);
      const kind = className(name);
      parts.push({ name, role });
      if (lot && kind && (role === ITEM || role === OUTPUT)) lots.add(lotName(kind, lot));
    }
    for (const one of listOf(body[quantities]).map(objectIn)) {
      parts.push({
        name: canonicalName(textIn(one.epcClass)), role, quantity: one.quantity, uom: textIn(one.uom),
      });
    }
  }
  for (const name of lots) parts.push({ name, role: LOT });
  return parts;
}

const lotOf = ({ ilmd }) =>
  textIn(Object.entries(objectIn(ilmd)).find(([key]) => key.replace(/^.*:/, "") === "lotNumber")?.[1]).trim();

const reportsOf = (body) =>
  listOf(body.sensorElementList).map(objectIn).flatMap((element) =>
    listOf(element.sensorReport).map((report) => [objectIn(element.sensorMetadata), objectIn(report)]));

const SCALES = {
  __proto__: null,
  CEL: (value) => value,
  FAH: (value) => (value - 32) * 0.5555555555555556,
  KEL: (value) => value - 273.15,
};

/** Take the temperatures that an event's sensors measured: {time, low, high}, degrees C. */
function readingsOf(body, time) {
  return reportsOf(body).flatMap(([metadata, report]) => {
    const scale = SCALES[report.uom ?? "CEL"];
    if (bare(report.type) !== "Temperature" || !scale) return [];
    const values = ["value", "minValue", "maxValue", "meanValue"]
      .map((name) => report[name]).filter((value) => typeof value === "number")
      .map((value) => Math.min(Math.max(scale(value), -273.15), 10000)); // that anything has
    if (values.length === 0) return [];
    const said = Date.parse(textIn(report.time ?? metadata.time ?? metadata.endTime));
    return [{
      time: Number.isNaN(said) ? time : said, low: Math.min(...values), high: Math.max(...values),
      device: textIn(report.deviceID ?? metadata.deviceID),
    }];
  });
}

function certificatesOf({ certificationInfo }) {
  const all = Array.isArray(certificationInfo) ? certificationInfo : [certificationInfo];
  return all.map((one) => (typeof one === "string" ? one : one && JSON.stringify(one))).filter(Boolean);
}
