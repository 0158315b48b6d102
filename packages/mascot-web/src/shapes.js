/** The sets of shapes, and conversion between them. */

/** @param {string} text */
const names = (text) => Object.freeze(text.split(" "));

/**
 * The names of each set of shapes; the first one is the closed mouth. `arkit` contains blendshapes; its visemes are those
 * of `oculus`.
 *
 * @type {Readonly<{sapi: readonly number[], oculus: readonly string[], vrm: readonly string[],
 *   rhubarb: readonly string[], arkit: readonly string[]}>}
 */
export const SHAPES = Object.freeze({
  sapi: Object.freeze(Array.from({ length: 22 }, (_, id) => id)),
  oculus: names("sil PP FF TH DD kk CH SS nn RR aa E ih oh ou"),
  vrm: names("sil aa ih ou ee oh"),
  rhubarb: names("X A B C D E F G H"),
  arkit: names(
    "jawForward jawOpen mouthClose mouthFunnel mouthPucker mouthRollLower mouthRollUpper mouthShrugLower " +
      "mouthShrugUpper mouthSmileLeft mouthSmileRight mouthDimpleLeft mouthDimpleRight mouthStretchLeft " +
      "mouthStretchRight mouthPressLeft mouthPressRight mouthLowerDownLeft mouthLowerDownRight mouthUpperUpLeft " +
      "mouthUpperUpRight tongueOut",
  ),
});

/**
 * @typedef {"sapi" | "oculus" | "vrm" | "rhubarb" | "arkit"} ShapeSet
 * @typedef {number | string} Viseme an id of `sapi`, or a name of another set
 * @typedef {Record<string, number>} Weights blend weights: how much of each shape to show, 0 to 1
 */

// The Oculus shape of each shape, and the shape of each Oculus shape in the other sets, in the order of SHAPES.
const AS_OCULUS = {
  sapi: names("sil aa aa oh E RR ih ou oh aa oh aa E RR nn SS CH TH FF DD kk PP"),
  oculus: SHAPES.oculus,
  arkit: SHAPES.oculus,
  vrm: names("sil aa ih ou E oh"),
  rhubarb: names("sil PP ih E aa oh ou FF nn"),
};
const OF_OCULUS = {
  sapi: [0, 21, 18, 17, 19, 20, 16, 15, 19, 13, 2, 4, 6, 8, 7],
  oculus: SHAPES.oculus,
  arkit: SHAPES.oculus,
  vrm: names("sil sil sil ih ih ih ou ih ih ou aa ee ih oh ou"),
  rhubarb: names("X A G B B B B B B B D C B E F"),
};
// SAPI and Rhubarb distinguish some shapes that are the same in `oculus`, so these are converted directly.
/** @type {Record<string, readonly (number | string)[]>} */
const DIRECT = {
  "sapi rhubarb": names("X C D E C E B F E D E D C B H B B B G B B A"),
  "rhubarb sapi": [0, 21, 6, 4, 2, 8, 7, 18, 14],
};

// The coefficients of ARKit's blendshapes for each viseme. A name without a side sets Left and Right.
/** @type {Record<string, Weights>} */
const POSES = {
  sil: {},
  PP: { jawOpen: 0.1, mouthClose: 0.1, mouthRollLower: 0.3, mouthRollUpper: 0.3, mouthShrugLower: 0.15, mouthPress: 0.4 },
  FF: { jawOpen: 0.1, mouthRollLower: 0.6, mouthShrugLower: 0.1, mouthUpperUp: 0.25 },
  TH: { jawOpen: 0.15, jawForward: 0.05, mouthLowerDown: 0.25, mouthUpperUp: 0.1, tongueOut: 0.3 },
  DD: { jawOpen: 0.12, mouthStretch: 0.1, mouthLowerDown: 0.3, mouthUpperUp: 0.15 },
  kk: { jawOpen: 0.18, mouthStretch: 0.1, mouthLowerDown: 0.2, mouthUpperUp: 0.1 },
  CH: {
    jawOpen: 0.1, jawForward: 0.15, mouthFunnel: 0.5, mouthPucker: 0.2, mouthShrugLower: 0.15, mouthShrugUpper: 0.15,
    mouthLowerDown: 0.2, mouthUpperUp: 0.15,
  },
  SS: {
    jawOpen: 0.05, jawForward: 0.05, mouthSmile: 0.1, mouthDimple: 0.1, mouthStretch: 0.3, mouthLowerDown: 0.35,
    mouthUpperUp: 0.2,
  },
  nn: { jawOpen: 0.14, mouthStretch: 0.1, mouthLowerDown: 0.2, mouthUpperUp: 0.1 },
  RR: { jawOpen: 0.15, mouthFunnel: 0.3, mouthPucker: 0.25, mouthShrugLower: 0.1 },
  aa: { jawOpen: 0.6, mouthLowerDown: 0.3, mouthUpperUp: 0.15 },
  E: { jawOpen: 0.35, mouthSmile: 0.1, mouthStretch: 0.25, mouthLowerDown: 0.3, mouthUpperUp: 0.15 },
  ih: { jawOpen: 0.2, mouthSmile: 0.2, mouthDimple: 0.1, mouthStretch: 0.4, mouthLowerDown: 0.25, mouthUpperUp: 0.15 },
  oh: { jawOpen: 0.4, mouthFunnel: 0.5, mouthPucker: 0.2 },
  ou: { jawOpen: 0.2, mouthFunnel: 0.3, mouthPucker: 0.7, mouthShrugUpper: 0.1 },
};

/**
 * Returns the visemes of a set of shapes.
 *
 * @param {ShapeSet} set The set of shapes.
 * @returns {ReadonlyArray<Viseme>} The visemes; the first one is the closed mouth.
 */
export function visemesOf(set) {
  return set === "arkit" ? SHAPES.oculus : SHAPES[set];
}

/**
 * Converts a viseme to another set of shapes.
 *
 * @param {Viseme} viseme A viseme of `from`.
 * @param {ShapeSet} from The set of the viseme.
 * @param {ShapeSet} to The target set.
 * @returns {Viseme} The most similar viseme of `to`.
 */
export function convert(viseme, from, to) {
  const index = visemesOf(from).indexOf(viseme);
  if (from === to || index < 0) return viseme;
  return DIRECT[`${from} ${to}`]?.[index] ?? OF_OCULUS[to][SHAPES.oculus.indexOf(AS_OCULUS[from][index])];
}

/**
 * Adds a viseme to blend weights.
 *
 * @param {Weights} weights The blend weights of the set `to`; they are modified.
 * @param {number} share How much of the viseme to add, 0 to 1.
 * @param {Viseme} viseme A viseme of `from`.
 * @param {ShapeSet} from The set of the viseme.
 * @param {ShapeSet} to The set of the weights.
 */
export function addViseme(weights, share, viseme, from, to) {
  const found = convert(viseme, from, to);
  if (to !== "arkit") {
    weights[found] += share;
    return;
  }
  for (const [name, value] of Object.entries(POSES[found])) {
    for (const side of name in weights ? [""] : ["Left", "Right"]) weights[name + side] += share * value;
  }
}
