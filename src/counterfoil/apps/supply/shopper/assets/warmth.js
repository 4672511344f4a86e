// Temperatures as a picture, drawn from the proven readings.
import { el, svg } from "./dom.js";

const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM] = [360, 170, 38, 10, 24];
const READINGS_MAX = 2000;

const celsius = (value) => `${(Math.round(value * 10) * 0.1).toFixed(1)} °C`;

/** Say and draw the temperatures of steps, as elements; none where nothing was measured.
 *
 * limits: {low, high}, degrees C or null, and named: by whom. when: writes a time. */
export function warmthParts(steps, limits, when) {
  const all = steps.flatMap(({ event }) => event.readings).sort((a, b) => a.time - b.time);
  if (all.length === 0) return [];
  const low = all.reduce((least, one) => Math.min(least, one.low), Infinity);
  const high = all.reduce((most, one) => Math.max(most, one.high), -Infinity);
  const beyond = all.filter((one) =>
    (limits.low !== null && one.low < limits.low) || (limits.high !== null && one.high > limits.high)).length;
  const alarms = steps.filter(({ event }) => event.alarm).length;
  const bounds = [
    limits.low === null ? "" : `at least ${celsius(limits.low)}`,
    limits.high === null ? "" : `at most ${celsius(limits.high)}`,
  ].filter(Boolean).join(", ");
  const said = `${all.length} readings from ${celsius(low)} to ${celsius(high)}`;
  const judged = bounds ? `${beyond} of them outside of ${bounds}` : "no limit is named";
  const bad = beyond > 0 || alarms > 0;
  const alarmed = alarms ? `; sensors raised an alarm in ${alarms} of the steps` : "";
  const text = `${said}; ${judged}${alarmed}.`;
  const label = `Temperatures from ${when(all[0].time)} to ${when(all.at(-1).time)}: ${text}`;
  return [
    el("p", { class: bad ? "bad" : "" }, bad ? el("span", { class: "word" }, "Out of limits: ") : "", text),
    el("figure", {}, picture(thinned(all), low, high, limits, label, when)),
    el("p", { class: "note" }, bounds ? `The limits are named by ${limits.named}. ` : "",
      "That the sensor was beside this very item, and was right, no signature can prove."),
  ];
}

/** Keep the picture small: of many readings in one place the coldest and warmest stay. */
function thinned(all) {
  if (all.length <= READINGS_MAX) return all;
  const size = Math.ceil(all.length * READINGS_MAX ** -1);
  const kept = [];
  for (let at = 0; at < all.length; at += size) {
    const some = all.slice(at, at + size);
    kept.push({
      time: some[0].time, low: Math.min(...some.map((one) => one.low)),
      high: Math.max(...some.map((one) => one.high)),
    });
  }
  return kept;
}

function picture(all, low, high, limits, label, when) {
  const shown = [low, high, limits.low ?? low, limits.high ?? high];
  const [least, most] = [Math.min(...shown) - 1, Math.max(...shown) + 1];
  const [from, to] = [all[0].time, Math.max(all.at(-1).time, all[0].time + 1)];
  const xOf = (time) => LEFT + (time - from) * (WIDTH - LEFT - 8) * (to - from) ** -1;
  const yOf = (value) => TOP + (most - value) * (HEIGHT - TOP - BOTTOM) * (most - least) ** -1;
  const at = (time, value) => `${xOf(time).toFixed(1)} ${yOf(value).toFixed(1)}`;
  const highs = all.map((one) => at(one.time, one.high));
  const lows = all.map((one) => at(one.time, one.low)).reverse();
  const level = (value, kind, text) => [
    svg("line", { x1: LEFT, x2: WIDTH - 8, y1: yOf(value), y2: yOf(value), class: kind }),
    svg("text", { x: LEFT - 4, y: yOf(value) + 4, "text-anchor": "end", class: kind }, text),
  ];
  const named = (value) => value.toFixed(1);
  const marks = [
    ...(limits.low === null ? level(low, "mark", named(low)) : level(limits.low, "limit", named(limits.low))),
    ...(limits.high === null ? level(high, "mark", named(high)) : level(limits.high, "limit", named(limits.high))),
  ];
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label },
    ...marks,
    svg("path", { class: "warmth", d: `M${[...highs, ...lows].join("L")}Z` }),
    ...(all.length > 60 ? [] : all.map((one) => svg("circle", { cx: xOf(one.time), cy: yOf(one.high), r: 2.5, class: "reading" }))),
    svg("text", { x: LEFT, y: HEIGHT - 6 }, when(from).slice(0, 16)),
    svg("text", { x: WIDTH - 8, y: HEIGHT - 6, "text-anchor": "end" }, when(all.at(-1).time).slice(0, 16)));
}
