/** What the tests share: cases by chance that are the same in every run, and the module itself. */

export * from "../../packages/mascot-web/src/index.js";

/** Numbers from 0 to 1 that a seed decides (mulberry32). */
export function chance(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Runs a property for many seeds, and names the seed that breaks it. */
export function forAll(property, count = 100) {
  for (let seed = 1; seed <= count; seed += 1) {
    try {
      property(chance(seed));
    } catch (error) {
      error.message = `seed ${seed}: ${error.message}`;
      throw error;
    }
  }
}

/** A whole number from `from` to `to`. */
export const between = (random, from, to) => from + Math.floor(random() * (to - from + 1));

/** A payload as the server sends it. */
export function payloadOf(random, visemes, { key = "visemeId", duration = between(random, 1, 400) } = {}) {
  const offsets = Array.from({ length: between(random, 0, 6) }, () => between(random, 0, duration - 1));
  offsets.sort((a, b) => a - b);
  const events = offsets.map((offset) => ({ [key]: visemes[between(random, 0, visemes.length - 1)], offset }));
  return { visemes: events, audio_event_id: 1, audio_duration: duration, subchunk_id: 1, total_chunks: 1 };
}

/** A clock that is set by hand. */
export function handClock() {
  const clock = () => clock.ms;
  clock.ms = 0;
  return clock;
}

/** Collects what the module warns of while `run` runs. */
export function warnings(run) {
  const { warn } = console;
  const texts = [];
  console.warn = (text) => texts.push(text);
  try {
    run();
  } finally {
    console.warn = warn;
  }
  return texts;
}

export const base64 = (bytes) => Buffer.from(bytes).toString("base64");
