// Check a parsed value against the kinds that counterfoil/formats/receipt_shapes.py writes down.
//
// They are made from the very classes that the Python verifier parses with, so the two cannot
// drift apart.
import { bytesOfBase64 } from "./bytes.js";
import { SHAPES } from "./shapes.js";

/** Say where a parsed node is not of its kind; null where it is. */
export function misfit(node, kind, where = "$") {
  if (typeof kind === "string") return misfit(node, SHAPES[kind], where);
  if (Array.isArray(kind)) {
    return kind.some((option) => misfit(node, option) === null) ? null : where;
  }
  const { type, value } = node;
  const word = Object.keys(IMPLIED).find((rule) => kind[rule]);
  const wanted = IMPLIED[word] ?? kind.type ?? type;
  if (type !== wanted || (kind.enum && !kind.enum.includes(value))) return where;
  const amount = (MEASURES[type] ?? (() => 0))(value);
  if (amount < (kind.min ?? -Infinity) || amount > (kind.max ?? Infinity)) return where;
  if (kind.pattern && !patternOf(kind).test(value)) return where;
  if (kind.base64 && !bytesOfBase64(value)) return where;
  if (kind.fields) return misfitFields(value, kind, where);
  const itemKind = (i) => kind.tuple?.[i] ?? kind.items;
  if (!kind.tuple && !kind.items) return null;
  return first(value, (item, i) => misfit(item, itemKind(i), `${where}[${i}]`));
}

const IMPLIED = {
  fields: "object", items: "array", tuple: "array", enum: "string", pattern: "string", base64: "string",
};

const MEASURES = {
  integer: (value) => value,
  string: (value) => [...value].length, // characters, not UTF-16 units
  array: (value) => value.length,
  object: (value) => value.size,
};

// Python writes the ends of a text as \A and \Z.
const patternOf = ({ pattern }) => new RegExp(pattern.replace("\\A", "^").replace("\\Z", "$"));

function misfitFields(value, { fields, more, names }, where) {
  const missing = Object.keys(fields).find((name) => !name.endsWith("?") && !value.has(name));
  if (missing) return `${where}.${missing}`;
  return first(value, ([name, item]) => {
    const inside = `${where}.${name.slice(0, 80)}`;
    const known = [name, `${name}?`].find((key) => Object.hasOwn(fields, key));
    const kind = known && !name.endsWith("?") ? fields[known] : more;
    if (!kind || (names && misfit({ type: "string", value: name }, names) !== null)) return inside;
    return misfit(item, kind, inside);
  });
}

function first(items, look) {
  let i = 0;
  for (const item of items) {
    const fault = look(item, i);
    if (fault !== null) return fault;
    i += 1;
  }
  return null;
}
