/**
 * The faces to choose from.
 *
 * @typedef {{mouth: import("./shapes.js").Shape, pose: import("./life.js").Pose}} Look
 * @typedef {{id: string, name: string, create: (svg: SVGElement, prefix: string) => (look: Look) => void}}
 *   Face
 *   `create` fills an svg element and returns what draws a look into it; `prefix` keeps the ids of drawings
 *   apart
 */

import { bolt } from "./bolt.js";
import { mira } from "./mira.js";
import { pip } from "./pip.js";

/** @type {readonly Face[]} */
export const FACES = Object.freeze([mira, pip, bolt]);
