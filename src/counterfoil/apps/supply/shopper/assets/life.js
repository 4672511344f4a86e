// The life of one thing among proven events: its own steps, those of what held it while it did, and
// those of what it was made of until then. As apps/supply/events/trace.py does it over an index.
import { CHILD, INPUT, ITEM, LOT, OUTPUT, PARENT } from "./told.js";

const LOOKS_MAX = 20000;

/** Find a thing's life.
 *
 * Returns {steps: [{event, level, by}] in order, strangers: how many events are not about it}.
 * level: 0 for its own. by: whose step it is, the thing itself or what held it. */
export function lifeOf(thing, all) {
  const mistaken = new Set(all.filter((event) => event.mistaken).map(({ digest }) => digest));
  const events = all.filter(({ digest }) => !mistaken.has(digest));
  const waiting = [{ name: thing, level: 0, since: -Infinity, until: Infinity, made: true }];
  const looked = new Set();
  const found = new Map(); // event -> {event, level, by}
  const take = (event, level, by) => {
    const known = found.get(event);
    if (!known || level < known.level) found.set(event, { event, level, by });
  };
  while (waiting.length > 0 && looked.size < LOOKS_MAX) {
    const look = waiting.shift();
    const key = JSON.stringify([look.name, look.since, look.until, look.made]);
    if (looked.has(key)) continue;
    looked.add(key);
    for (const event of events) {
      const roles = event.parts.filter(({ name }) => name === look.name).map(({ role }) => role);
      if (roles.includes(CHILD)) waiting.push(...holders(events, event, look));
      if (roles.length === 0 || event.time < look.since) continue;
      // What was said of a source after it was used up does not count, but for a recall.
      if (event.time > look.until) {
        if (look.made && event.recalls) take(event, look.level, look.name);
        continue;
      }
      if (roles.some((role) => role !== LOT)) take(event, look.level, look.name);
      waiting.push(...onward(events, event, look, roles, take));
    }
  }
  const steps = [...found.values()].sort((a, b) =>
    Math.min(a.level, 1) - Math.min(b.level, 1) || a.event.time - b.event.time || a.event.index - b.event.index);
  return { steps, strangers: all.length - steps.length };
}

/** Tell what held a thing since an event, for as long as it is looked for; it may have begun before. */
function holders(events, event, look) {
  if (event.action === "DELETE") return [];
  return event.parts.filter(({ role }) => role === PARENT).flatMap(({ name }) => {
    const since = Math.max(look.since, event.time);
    const until = Math.min(look.until, leftAt(events, name, look.name, event.time));
    return since <= until ? [{ name, level: look.level, since, until, made: false }] : [];
  });
}

/** Tell where to look next from one event of a thing, in which it had some roles. */
function onward(events, event, look, roles, take) {
  const next = [];
  const named = (role, one = event) => one.parts.filter((part) => part.role === role).map(({ name }) => name);
  const source = (name) => {
    if (name !== look.name) next.push({ name, level: look.level + 1, since: -Infinity, until: event.time, made: true });
  };
  if (!look.made) return next;
  if (roles.includes(OUTPUT)) {
    named(INPUT).forEach(source);
    for (const one of event.transformation ? events : []) {
      if (one === event || one.transformation !== event.transformation || one.time > event.time) continue;
      const inputs = named(INPUT, one);
      if (inputs.length > 0) take(one, look.level, look.name);
      inputs.forEach(source);
    }
  }
  if (roles.includes(ITEM) || roles.includes(OUTPUT)) named(LOT).forEach(source);
  if (roles.includes(PARENT) && event.action !== "DELETE") named(CHILD).forEach(source);
  return next;
}

/** Tell until when a container held a thing that was put into it. */
function leftAt(events, parent, child, since) {
  const out = events.filter((event) => {
    if (event.action !== "DELETE" || event.time < since) return false;
    const inside = event.parts.filter(({ role }) => role === CHILD).map(({ name }) => name);
    const holds = event.parts.some(({ name, role }) => name === parent && role === PARENT);
    return holds && (inside.length === 0 || inside.includes(child));
  });
  return Math.min(Infinity, ...out.map(({ time }) => time));
}

/** Tell where what is shown of things ends: those of which no beginning is proven here. */
export function unbegun(thing, steps) {
  const begun = new Set();
  const named = new Set([thing]);
  for (const { event, by } of steps) {
    named.add(by);
    const begins = event.kind === "TransformationEvent" ? OUTPUT
      : event.kind === "ObjectEvent" && event.action === "ADD" ? ITEM : null;
    for (const { name, role } of event.parts) {
      if (role === begins) begun.add(name);
      if (role === INPUT) named.add(name);
    }
  }
  const held = new Set(steps.flatMap(({ event }) =>
    event.parts.filter(({ role }) => role === PARENT).map(({ name }) => name)));
  return [...named].filter((name) => !begun.has(name) && (!held.has(name) || name === thing));
}
