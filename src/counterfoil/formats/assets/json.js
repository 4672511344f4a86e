// Strict JSON, with the place of every value in its text.
//
// JSON.parse will not do: it takes duplicate keys, rounds large integers and forgets the text, and
// an attacker lives in what two parsers read differently. What is hashed is the text, never a
// second encoding of it, so each value remembers where it stands.
import { malformed } from "./bytes.js";

const DEPTH_MAX = 64;
const BLANK = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPE = /["\\/bfnrt]|u([0-9A-Fa-f]{4})/y;
const ESCAPED = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const WORD = /true|false|null|NaN|-?Infinity/y;
const WORDS = { true: true, false: false, null: null };

class Parser {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  take(pattern) {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match) this.at = pattern.lastIndex;
    return match;
  }

  skip(char) {
    const found = this.text[this.at] === char;
    if (found) this.at += 1;
    return found;
  }

  /** Step over `char`, or refuse the text. */
  need(char, found = this.skip(char)) {
    if (!found) throw malformed("json.malformed", "JSON", `a fault at offset ${this.at}`);
    return found;
  }

  value(depth) {
    // Bounds the stack; the exact limit is looked at afterwards, with the values.
    if (depth > 8 * DEPTH_MAX) throw tooDeep();
    this.take(BLANK);
    const start = this.at;
    const [type, value] = this.typed(depth);
    const end = this.at;
    this.take(BLANK);
    return { type, value, start, end };
  }

  typed(depth) {
    if (this.skip('"')) return ["string", this.string()];
    if (this.skip("{")) return ["object", this.object(depth)];
    if (this.skip("[")) return ["array", this.array(depth)];
    const word = this.take(WORD)?.[0];
    if (!word) return this.number();
    if (!(word in WORDS)) throw malformed("json.number", "a finite number", word);
    return [word === "null" ? word : "boolean", WORDS[word]];
  }

  number() {
    const [text, fraction, exponent] = this.need("a number", this.take(NUMBER));
    // 1.0 is another type than 1: it is refused where an integer is asked for.
    const whole = fraction === undefined && exponent === undefined;
    if (whole && text.length > 17) throw unsafe(text);
    if (!Number.isFinite(Number(text))) throw malformed("json.number", "a finite number", text);
    return [whole ? "integer" : "number", Number(text) + 0]; // -0 becomes 0
  }

  string() {
    let text = "";
    for (;;) {
      text += this.take(PLAIN)[0];
      if (this.skip('"')) return text;
      this.need("\\");
      const [char, hex] = this.need("an escape", this.take(ESCAPE));
      text += hex ? String.fromCharCode(parseInt(hex, 16)) : (ESCAPED[char] ?? char);
    }
  }

  array(depth) {
    const items = [];
    this.take(BLANK);
    if (this.skip("]")) return items;
    do items.push(this.value(depth + 1));
    while (this.skip(","));
    this.need("]");
    return items;
  }

  object(depth) {
    const fields = new Map(); // not an object: a key may be __proto__
    let twice = null;
    this.take(BLANK);
    if (this.skip("}")) return fields;
    do {
      this.take(BLANK);
      this.need('"');
      const key = this.string();
      this.take(BLANK);
      this.need(":");
      if (fields.has(key)) twice = key;
      fields.set(key, this.value(depth + 1));
    } while (this.skip(","));
    this.need("}");
    if (twice !== null) throw malformed("json.duplicate-key", "each key once", `${twice} again`);
    return fields;
  }
}

/** Parse one strict JSON text to a tree of {type, value, start, end}; objects are Maps. */
export function parseJson(text) {
  const parser = new Parser(text);
  const node = parser.value(1);
  parser.need("the end", parser.at === text.length);
  check(node, DEPTH_MAX);
  return node;
}

/** Parse the text of one JSON object. */
export function parseObject(text) {
  const node = parseJson(text);
  if (node.type !== "object") throw malformed("json.not-object", "a JSON object", node.type);
  return node;
}

function check({ type, value }, depth) {
  if (type === "object" || type === "array") {
    if (depth === 0) throw tooDeep();
    if (type === "object") [...value.keys()].forEach(checkText);
    for (const item of value.values()) check(item, depth - 1);
  } else if (type === "integer") {
    if (!Number.isSafeInteger(value)) throw unsafe(value);
  } else if (type === "string") {
    checkText(value);
  }
}

function checkText(text) {
  if (/\p{Surrogate}/u.test(text)) {
    throw malformed("json.surrogate", "Unicode text", "a lone surrogate");
  }
}

const tooDeep = () => malformed("json.depth", `${DEPTH_MAX} levels of nesting at most`, "more");
const unsafe = (text) => malformed("json.integer", "an integer within +-(2^53-1)", text);

/** Give the plain value of a parsed node; objects without a prototype. */
export function plain({ type, value }) {
  if (type === "array") return value.map(plain);
  if (type !== "object") return value;
  const fields = Object.create(null);
  for (const [key, item] of value) fields[key] = plain(item);
  return fields;
}
