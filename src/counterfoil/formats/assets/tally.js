// Draw the proof path as a tally stick: split lengthwise, one half for each party, with a notch a
// level on the side where the sibling joins. The halves of one stick fit; no others do.
import { toHex } from "./bytes.js";
import { svg } from "./dom.js";

const LEVEL = 30;
const HALF = 18;
const NOTCH = 9;
const END = 40;

const heightOf = (way) => way.length * LEVEL + 2 * END;
const levelY = (way, level) => heightOf(way) - END - (level + 0.5) * LEVEL;

/** Draw the two halves around x = 0, the entry's end at the bottom; `whole` puts them together. */
function stick(way, whole) {
  const half = (side, sign) => {
    const outer = sign * HALF;
    const notches = way.flatMap((step, level) => {
      if (step.side !== side) return [];
      const y = levelY(way, level);
      return [`L${outer} ${y + 6}L${outer - sign * NOTCH} ${y}L${outer} ${y - 6}`];
    });
    const d = `M${sign} ${heightOf(way) - 4}H${outer}${notches.join("")}L${outer} 4H${sign}Z`;
    const apart = sign > 0 && !whole ? " apart" : "";
    return svg("path", { d, class: `wood half${apart}` });
  };
  return svg("g", {}, half("left", -1), half("right", 1));
}

/** The stick alone, lying: the picture of the verdict. */
export function lyingStick(way, state) {
  const length = heightOf(way);
  const lying = svg("g", { transform: `translate(${length} 26) rotate(90)` });
  lying.append(stick(way, state === "ok"));
  const box = `0 0 ${length} 52`;
  const drawing = { viewBox: box, preserveAspectRatio: "none", class: state, "aria-hidden": true };
  return svg("svg", drawing, lying);
}

/** The stick upright, from the entry up to the root, with the sibling's hash at each notch. */
export function pathFigure(way, label) {
  const height = heightOf(way);
  const lines = way.flatMap(({ side, sibling }, level) => {
    const [sign, anchor] = side === "left" ? [-1, "end"] : [1, "start"];
    const y = levelY(way, level);
    return [
      svg("line", { x1: sign * (HALF + 4), x2: sign * (HALF + 24), y1: y, y2: y }),
      svg("text", { x: sign * (HALF + 30), y: y + 4, "text-anchor": anchor }, toHex(sibling).slice(0, 12)),
    ];
  });
  const end = (y, text) => svg("text", { x: 0, y, "text-anchor": "middle", class: "end" }, text);
  return svg(
    "svg",
    { viewBox: `-160 -20 320 ${height + 40}`, class: "ok", role: "img", "aria-label": label },
    ...lines, stick(way, true), end(-6, "root"), end(height + 14, "this entry"),
  );
}
