// Draw the proof path as a tally stick: split lengthwise into the stock, which one party keeps, and
// the foil for the other, with a notch a level on the side where the sibling joins. Only the halves
// of one stick fit.
import { toHex } from "./bytes.js";
import { svg } from "./dom.js";

const LEVEL = 30;
const HALF = 18;
const END = 40;

const heightOf = (way) => way.length * LEVEL + 2 * END;
const levelY = (way, level) => heightOf(way) - END - (level + 0.5) * LEVEL;

/** Draw the halves around x = 0, the entry's end at the bottom; `whole` puts them together. */
function stick(way, whole) {
  // The stock is the longer half: it had the handle.
  const half = (side, sign, top) => {
    const outer = sign * HALF;
    const notches = way.map((step, level) => {
      const y = levelY(way, level);
      return step.side === side ? `L${outer} ${y + 6}L${outer / 2} ${y}L${outer} ${y - 6}` : "";
    });
    const d = `M${sign} ${heightOf(way) - 4}H${outer}${notches.join("")}L${outer} ${top}H${sign}Z`;
    return svg("path", { d, class: `half${sign > 0 && !whole ? " apart" : ""}` });
  };
  return svg("g", {}, half("left", -1, 4), half("right", 1, 16));
}

/** The stick alone, lying, with the entry's end left: the picture of the verdict. */
export function lyingStick(way, state) {
  const length = heightOf(way);
  const transform = `translate(${length} 26) rotate(90)`;
  return svg(
    "svg",
    { viewBox: `0 0 ${length} 52`, preserveAspectRatio: "none", class: state, "aria-hidden": true },
    svg("g", { transform }, stick(way, state === "ok")),
  );
}

/** The stick upright, from the entry up to the root, with the sibling's hash at each notch. */
export function pathFigure(way, label) {
  const height = heightOf(way);
  const siblings = way.flatMap(({ side, sibling }, level) => {
    const [sign, anchor] = side === "left" ? [-1, "end"] : [1, "start"];
    const y = levelY(way, level);
    const text = toHex(sibling).slice(0, 12);
    return [
      svg("line", { x1: sign * 22, x2: sign * 42, y1: y, y2: y }),
      svg("text", { x: sign * 48, y: y + 4, "text-anchor": anchor }, text),
    ];
  });
  const end = (y, text) => svg("text", { x: 0, y, "text-anchor": "middle", class: "end" }, text);
  return svg(
    "svg",
    { viewBox: `-160 -20 320 ${height + 40}`, class: "ok", role: "img", "aria-label": label },
    ...siblings, stick(way, true), end(-8, "root"), end(height + 16, "this entry"),
  );
}
