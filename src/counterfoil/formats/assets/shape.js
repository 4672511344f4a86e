// Check a value against the part of JSON Schema that Counterfoil's own definitions use.
//
// The schemas are made from the very classes that the Python verifier parses with, so the two
// cannot drift apart.
import { bytesOfBase64 } from "./bytes.js";
import { SCHEMAS } from "./schemas.js";

/** Say where a parsed node does not fit its schema; null when it fits. */
export function misfit(node, schema, where = "$") {
  if (schema.$ref) return misfit(node, SCHEMAS[schema.$ref], where);
  if (schema.anyOf) {
    const faults = schema.anyOf.map((option) => misfit(node, option, where));
    return faults.includes(null) ? null : where;
  }
  const { type, value } = node;
  if (schema.enum && !(type === "string" && schema.enum.includes(value))) return where;
  if (schema.type && type !== schema.type) return where;
  return RULES[type]?.(value, schema, where) ?? null;
}

const RULES = {
  integer: (value, { minimum, maximum }, where) => (within(value, minimum, maximum) ? null : where),

  string(value, { minLength, maxLength, pattern, contentEncoding }, where) {
    // Characters, not UTF-16 units; and Python writes the ends of a text as \A and \Z.
    const fits =
      within([...value].length, minLength, maxLength) &&
      (!pattern || new RegExp(pattern.replace("\\A", "^").replace("\\Z", "$")).test(value)) &&
      (!contentEncoding || bytesOfBase64(value));
    return fits ? null : where;
  },

  array(items, schema, where) {
    if (!within(items.length, schema.minItems, schema.maxItems)) return where;
    return first(items, (item, i) => {
      const kind = schema.prefixItems?.[i] ?? schema.items;
      return kind ? misfit(item, kind, `${where}[${i}]`) : null;
    });
  },

  object(fields, schema, where) {
    const { properties = {}, required = [], additionalProperties, propertyNames } = schema;
    if (!within(fields.size, schema.minProperties, schema.maxProperties)) return where;
    const missing = required.find((name) => !fields.has(name));
    if (missing) return `${where}.${missing}`;
    return first([...fields], ([name, item]) => {
      const inside = `${where}.${name.slice(0, 80)}`;
      const kind = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
      if (kind === false) return inside;
      const key = { type: "string", value: name };
      return (
        (propertyNames ? misfit(key, propertyNames, inside) : null) ??
        (kind ? misfit(item, kind, inside) : null)
      );
    });
  },
};

const within = (value, least = -Infinity, most = Infinity) => least <= value && value <= most;

function first(items, look) {
  for (const [i, item] of items.entries()) {
    const fault = look(item, i);
    if (fault !== null) return fault;
  }
  return null;
}
