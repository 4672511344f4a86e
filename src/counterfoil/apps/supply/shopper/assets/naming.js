// One name for each thing, as apps/supply/events/identifiers.py gives it: the canonical Digital
// Link of a GS1 key. A test holds both against each other. What carries no key known here keeps its
// spelling, so that it is one thing only where it is spelled alike.

const GS1 = "https://id.gs1.org";
const EPC = /^urn:epc:(id|class|idpat):([a-z]+):(\d{6,12})\.([^]*)$/;
const ESCAPES = {
  "!": "%21", "(": "%28", ")": "%29", "*": "%2A", "+": "%2B", ",": "%2C", ":": "%3A",
};
const WEB = /^https?:\/\/[^/?#]+((?:\/[^?#]*)?)/i;
const CODE_32 = /^[!'()*+,\-.\/0-9:;=A-Za-z_%]+$/;
const WORDS_OF_KEYS = {
  __proto__: null, gtin: "01", itip: "8006", cpid: "8010", gln: "414", party: "417",
  gsrnp: "8017", gsrn: "8018", gcn: "255", sscc: "00", gdti: "253", ginc: "401", gsin: "402",
  grai: "8003", giai: "8004", cpv: "22", lot: "10", ser: "21",
};
const CHARS = "[\"'\\-.0-9:;<=>?A-Z_a-z%!&()*+,]";
const VALUES = {
  __proto__: null,
  "00": "\\d{18}", "01": "\\d{14}", 253: `\\d{13}${CHARS}{0,17}`, 255: "\\d{13}\\d{0,12}",
  401: `${CHARS}{1,30}`, 402: "\\d{17}", 414: "\\d{13}", 417: "\\d{13}",
  8003: `\\d{14}${CHARS}{0,16}`, 8004: `${CHARS}{1,30}`, 8006: "\\d{18}",
  8010: "[#\\-0-9A-Z%]{1,30}", 8017: "\\d{18}", 8018: "\\d{18}",
};
const QUALIFIERS = {
  __proto__: null,
  "01": [["21", 20], ["10", 20], ["235", 28]],
  8006: [["21", 20], ["10", 20]],
  414: [["254", 20]],
  8010: [["8011", 12]],
};

/** Give a thing's canonical name. */
export function canonicalName(uri) {
  if (!/^[\0-\x7f]*$/.test(uri)) return uri;
  const found = EPC.exec(uri);
  if (!found) return fromWeb(uri) ?? uri;
  const [, kind, scheme, prefix, rest] = found;
  const make = SCHEMES[`${kind}:${scheme}`];
  const pattern = kind === "idpat";
  if (!make || (pattern && !rest.endsWith(".*"))) return uri;
  return make(prefix, pattern ? rest.slice(0, -2) : rest) ?? uri;
}

/** Tell the class of an item: its GTIN without serial number or lot; null where there is none. */
export function className(name) {
  const found = /^(https:\/\/id\.gs1\.org\/01\/[^/]*)\//.exec(name);
  return found && found[1];
}

/** Name a lot of a class. */
export const lotName = (name, lot) =>
  `${name}/10/${encodeURIComponent(lot).replace(/[!()*]/g, percent)}`
    .replace(/%3B/g, ";").replace(/%3D/g, "=");

const percent = (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;

function fromWeb(uri) {
  const found = WEB.exec(uri);
  if (!found) return null;
  const parts = found[1].split("/").slice(1).map((part) => WORDS_OF_KEYS[part] ?? part);
  for (let at = 0; at + 1 < parts.length; at += 1) {
    if (!VALUES[parts[at]]) continue;
    const pairs = Object.create(null);
    for (let i = at; i + 1 < parts.length; i += 2) pairs[parts[i]] = parts[i + 1];
    return fromPairs(parts[at], pairs);
  }
  return null;
}

function fromPairs(key, pairs) {
  let value = pairs[key];
  if (key === "01" && /^(?:\d{8}|\d{12}|\d{13})$/.test(value)) value = value.padStart(14, "0");
  if (!new RegExp(`^(?:${VALUES[key]})$`).test(value) || !/^(?:\d{4}|\D)/.test(value)) return null;
  for (const [finer, longest] of QUALIFIERS[key] ?? []) {
    const more = pairs[finer];
    if (more && more.length <= 3 * longest) return `${GS1}/${key}/${value}/${finer}/${more}`;
  }
  return `${GS1}/${key}/${value}`;
}

function digitOf(digits) {
  const sum = [...digits].reverse().reduce((all, one, i) => all + Number(one) * (i % 2 ? 1 : 3), 0);
  return String((10 - (sum % 10)) % 10);
}

const escaped = (text) => text.replace(/[!()*+,:]/g, (char) => ESCAPES[char]);

function isSerial(text, longest) {
  const length = text.replace(/%[0-9A-Fa-f]{2}/g, "x").length;
  return length > 0 && length <= longest && CODE_32.test(text);
}

/** Split what follows a company prefix: a reference of so many digits in all, and the rest. */
function split(prefix, rest, digits) {
  const dot = rest.indexOf(".");
  const [reference, after] = dot < 0 ? [rest, ""] : [rest.slice(0, dot), rest.slice(dot + 1)];
  return prefix.length + reference.length === digits && /^\d*$/.test(reference)
    ? [reference, after] : null;
}

const ofItem = (qualifier, longest) => (prefix, rest) => {
  const parts = split(prefix, rest, 13);
  if (!parts || !parts[0]) return null;
  const raw = parts[0][0] + prefix + parts[0].slice(1);
  const name = `${GS1}/01/${raw}${digitOf(raw)}`;
  if (!qualifier) return parts[1] ? null : name;
  return isSerial(parts[1], longest) ? `${name}/${qualifier}/${escaped(parts[1])}` : null;
};

function ofUnit(prefix, rest) {
  if (prefix.length + rest.length !== 17 || !/^\d+$/.test(rest)) return null;
  const raw = rest[0] + prefix + rest.slice(1);
  return `${GS1}/00/${raw}${digitOf(raw)}`;
}

function ofPlace(prefix, rest) {
  const parts = split(prefix, rest, 12);
  if (!parts || !isSerial(parts[1], 20)) return null;
  const raw = prefix + parts[0];
  const name = `${GS1}/414/${raw}${digitOf(raw)}`;
  return parts[1] === "0" ? name : `${name}/254/${escaped(parts[1])}`;
}

function ofParty(prefix, rest) {
  const parts = split(prefix, rest, 12);
  if (!parts || parts[1]) return null;
  const raw = prefix + parts[0];
  return `${GS1}/417/${raw}${digitOf(raw)}`;
}

function ofReturnable(prefix, rest) {
  const parts = split(prefix, rest, 12);
  if (!parts) return null;
  const raw = `0${prefix}${parts[0]}`;
  const name = `${GS1}/8003/${raw}${digitOf(raw)}`;
  if (!parts[1]) return name;
  return isSerial(parts[1], 16) ? name + escaped(parts[1]) : null;
}

const ofAsset = (prefix, rest) =>
  isSerial(rest, 30 - prefix.length) ? `${GS1}/8004/${prefix}${escaped(rest)}` : null;

const SCHEMES = {
  __proto__: null,
  "id:sgtin": ofItem("21", 20),
  "class:lgtin": ofItem("10", 20),
  "idpat:sgtin": ofItem("", 0),
  "id:upui": ofItem("235", 28),
  "idpat:upui": ofItem("", 0),
  "id:sscc": ofUnit,
  "id:sgln": ofPlace,
  "id:pgln": ofParty,
  "id:grai": ofReturnable,
  "idpat:grai": ofReturnable,
  "id:giai": ofAsset,
};
