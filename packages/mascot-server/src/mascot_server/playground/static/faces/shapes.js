/**
 * Mouth shapes as data: what lips, teeth and tongue do for each viseme of the Microsoft (SAPI) set.
 *
 * All numbers run from 0 to 1 but `wide`, which runs from -1 (drawn together) to 1 (spread):
 *
 *   open   how far the jaw is down        upper, lower  how much of the teeth is seen
 *   round  how far the lips come forward  tongue        0 lying low, 1 its tip behind the upper teeth
 *   out    tongue between the teeth       tuck          lower lip under the upper teeth
 *   press  lips held together
 *
 * @typedef {{open: number, wide: number, round: number, upper: number, lower: number, tongue: number, out:
 *   number,
 *   tuck: number, press: number}} Shape
 */

const REST = { open: 0, wide: 0, round: 0, upper: 0, lower: 0, tongue: 0.3, out: 0, tuck: 0, press: 0 };
const shape = (own) => Object.freeze({ ...REST, ...own });

/** @type {readonly Shape[]} by viseme id */
export const SHAPES = Object.freeze([
  shape({}), // 0 silence
  shape({ open: 0.58, wide: 0.2, upper: 0.6, lower: 0.15, tongue: 0.35 }), // 1 ae ax ah
  shape({ open: 1, wide: 0.05, upper: 0.5, lower: 0.1, tongue: 0.2 }), // 2 aa
  shape({ open: 0.82, wide: -0.45, round: 0.65, upper: 0.2, tongue: 0.2 }), // 3 ao
  shape({ open: 0.44, wide: 0.5, upper: 0.7, lower: 0.3, tongue: 0.45 }), // 4 ey eh uh
  shape({ open: 0.34, wide: -0.3, round: 0.5, upper: 0.45, lower: 0.35, tongue: 0.55 }), // 5 er
  shape({ open: 0.28, wide: 0.9, upper: 0.85, lower: 0.5, tongue: 0.6 }), // 6 y iy ih ix
  shape({ open: 0.24, wide: -0.95, round: 1 }), // 7 w uw
  shape({ open: 0.52, wide: -0.75, round: 0.9, tongue: 0.25 }), // 8 ow
  shape({ open: 0.88, wide: -0.15, round: 0.35, upper: 0.4, tongue: 0.2 }), // 9 aw
  shape({ open: 0.64, wide: -0.55, round: 0.75, upper: 0.15, tongue: 0.25 }), // 10 oy
  shape({ open: 0.86, wide: 0.3, upper: 0.6, lower: 0.15, tongue: 0.25 }), // 11 ay
  shape({ open: 0.4, wide: 0.1, upper: 0.5, lower: 0.1, tongue: 0.35 }), // 12 h
  shape({ open: 0.27, wide: -0.5, round: 0.65, upper: 0.4, lower: 0.3, tongue: 0.6 }), // 13 r
  shape({ open: 0.46, wide: 0.2, upper: 0.6, tongue: 1 }), // 14 l
  shape({ open: 0.2, wide: 0.65, upper: 1, lower: 1, tongue: 0.6 }), // 15 s z
  shape({ open: 0.34, wide: -0.45, round: 0.75, upper: 1, lower: 1, tongue: 0.6 }), // 16 sh ch jh zh
  shape({ open: 0.34, wide: 0.2, upper: 0.75, tongue: 0.8, out: 1 }), // 17 th dh
  shape({ open: 0.2, wide: 0.15, upper: 1, tuck: 1 }), // 18 f v
  shape({ open: 0.27, wide: 0.35, upper: 0.75, lower: 0.45, tongue: 0.9 }), // 19 d t n
  shape({ open: 0.36, wide: 0.25, upper: 0.55, lower: 0.3, tongue: 0.55 }), // 20 k g ng
  shape({ press: 1 }), // 21 p b m
]);

/** What each viseme sounds like, in SAPI's own names. */
export const SOUNDS = Object.freeze([
  "silence", "ae ax ah", "aa", "ao", "ey eh uh", "er", "y iy ih", "w uw", "ow", "aw", "oy", "ay", "h", "r",
  "l", "s z", "sh ch jh", "th dh", "f v", "d t n", "k g ng", "p b m",
]);

/** What kind of mouth each viseme is, for whoever shows them by colour. */
export const KINDS = Object.freeze([
  "rest", "open", "open", "round", "spread", "round", "spread", "round", "round", "open", "round", "open",
  "open", "round", "tongue", "teeth", "round", "tongue", "lip", "tongue", "spread", "closed",
]);

/**
 * Mixes shapes. A lip that closes wins over what is around it: a p that is half open is no p.
 *
 * @param {Iterable<[number | string, number]>} weights viseme id and its share; the shares add up to 1
 * @returns {Shape}
 */
export function blended(weights) {
  const mixed = { ...REST, tongue: 0 };
  for (const [viseme, weight] of weights) {
    const from = SHAPES[viseme];
    for (const name in mixed) mixed[name] += from[name] * weight;
  }
  mixed.open *= 1 - smoothstep(mixed.press);
  return mixed;
}

function smoothstep(x) {
  return x * x * (3 - 2 * x);
}
