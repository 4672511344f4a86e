// Make elements. What a receipt says becomes text nodes and attributes, never markup.

/** Make an element; children are nodes or texts. */
export function el(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** Make an element of SVG. */
export function svg(name, attributes, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export const byId = (id) => document.getElementById(id);

/** Show control, invisible and bidi characters by their codes, so that no text poses as another;
 * not the two that scripts such as Persian join and part letters with. */
export const visible = (text) =>
  String(text).replace(/(?![\n\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu, (char) =>
    `\\u{${char.codePointAt(0).toString(16)}}`);

const ICONS = {
  ok: "M2 12a10 10 0 1 0 20 0a10 10 0 1 0-20 0M7 12.5l3.5 3.5L17 8.5",
  wait: "M12 3L22 20.5H2ZM12 9.500v5M12 17.200v.6",
  bad: "M8 2h8l6 6v8l-6 6H8l-6-6V8ZM8.500 8.500l7 7M15.500 8.500l-7 7",
};

/** A state is a colour, an icon and a word, so that none of them is needed alone. */
export const icon = (state) =>
  svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": true },
    svg("path", { d: ICONS[state], fill: "none", stroke: "currentColor", "stroke-width": 2 }));

export const stateLine = (name, state, word, ...detail) =>
  el(name, { class: `state ${state}` }, icon(state),
    el("div", {}, el("span", { class: "word" }, word), " ", ...detail));

/** Make a button that copies `text`; label says what it is, for those who do not see where it is. */
export function copyButton(text, label, shown = "Copy") {
  const button = el("button", { type: "button", "aria-label": `${shown}: ${label}` }, shown);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      byId("said").textContent = button.textContent = "Copied";
    } catch {
      button.replaceWith(" ", text); // not allowed here: show it whole, to be copied by hand
    }
  });
  return button;
}

/** Show the first 12 digits of a hash, and let all of it be copied. */
export const hash = (hex, label) =>
  el("span", {}, el("code", { title: hex }, `${hex.slice(0, 12)}…`), copyButton(hex, label));

/** Make a table of [name, value] rows. */
export const table = (rows) =>
  el("dl", {}, ...rows.map(([name, ...value]) =>
    el("div", {}, el("dt", {}, visible(name)), el("dd", {}, ...value))));
