/** Reads viseme payloads. Invalid payloads are ignored, with one warning for each kind of error. */

import { fromBase64 } from "./pcm.js";
import { SHAPES, visemesOf } from "./shapes.js";

/**
 * @typedef {import("./shapes.js").ShapeSet} ShapeSet
 * @typedef {import("./shapes.js").Viseme} Viseme
 * @typedef {{visemeId?: number, viseme?: string, offset: number}} WireViseme a viseme; its offset is in ms from the start
 *   of the message's audio
 * @typedef {{fps: number, offset?: number, names?: string[], frames: string}} WireWeights rows of bytes in base64, one
 *   byte for each name
 * @typedef {{visemes: WireViseme[], audio_duration?: number, weights?: WireWeights, shapes?: string}} Payload
 * @typedef {{offset: number, viseme: Viseme}} Change
 * @typedef {{offsetMs: number, stepMs: number, set: ShapeSet, names: string[], bytes: Uint8Array, count: number}} Rows
 * @typedef {{set: ShapeSet, changes: Change[], durationMs: number | null, rows: Rows | null}} Message
 */

/** @type {Set<string>} */
const warned = new Set();

/** @param {string} problem */
export function warn(problem) {
  if (warned.has(problem)) return;
  warned.add(problem);
  console.warn(`mascot-web: ${problem}; ignored`);
}

/** Reads the payloads of one conversation. */
export class Reader {
  /** @param {ShapeSet} preferred The set of shapes to assume if the names fit several sets. */
  constructor(preferred) {
    /** @type {ShapeSet[]} */
    this.sets = ["oculus", "vrm", "rhubarb"];
    if (preferred === "vrm" || preferred === "rhubarb") this.sets.unshift(preferred);
    /** @type {string[]} the names of the columns, which the server sends once per turn */
    this.columns = [];
  }

  /**
   * Validates a payload.
   *
   * @param {unknown} payload The parsed JSON.
   * @returns {Message | null} The message; null, after a warning, if the payload is not valid.
   */
  read(payload) {
    try {
      return this.message(payload);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      warn(`a viseme payload is not valid: ${error.message}`);
      return null;
    }
  }

  /**
   * @param {any} payload
   * @returns {Message}
   */
  message(payload) {
    check(payload !== null && typeof payload === "object", "it must be an object");
    const { visemes, audio_duration: duration = null, shapes, weights } = payload;
    check(Array.isArray(visemes), "visemes must be a list");
    check(duration === null || (Number.isFinite(duration) && duration >= 0), "audio_duration must be 0 or more");
    let earliest = 0;
    const changes = visemes.map((/** @type {any} */ change) => {
      check(change !== null && typeof change === "object", "each viseme must be an object");
      const { offset, visemeId, viseme = visemeId } = change;
      check(Number.isFinite(offset) && offset >= earliest, "offset must be 0 or more, in ascending order");
      check(duration === null || offset < duration, "offset must be within the audio");
      earliest = duration === null ? 0 : offset;
      return { offset, viseme };
    });
    return { set: this.setOf(changes, shapes), changes, durationMs: duration, rows: weights ? this.rows(weights) : null };
  }

  /**
   * @param {Change[]} changes
   * @param {unknown} stated
   * @returns {ShapeSet}
   */
  setOf(changes, stated) {
    const holds = (/** @type {ShapeSet} */ set) => changes.every(({ viseme }) => visemesOf(set).includes(viseme));
    const own = Object.keys(SHAPES).find((name) => name === stated);
    /** @type {ShapeSet[]} */
    const candidates = own ? [/** @type {ShapeSet} */ (own)] : ["sapi", ...this.sets];
    const set = candidates.find(holds);
    check(set, "visemeId must be a whole number from 0 to 21, or viseme must be a name of a set of shapes");
    return /** @type {ShapeSet} */ (set);
  }

  /**
   * @param {any} weights
   * @returns {Rows | null} The rows; null, after a warning, if the weights are not valid. The visemes are still used.
   */
  rows({ fps, offset = 0, names = this.columns, frames }) {
    try {
      check(Number.isFinite(fps) && fps > 0, "fps must be above 0");
      check(Number.isFinite(offset) && offset >= 0, "offset must be 0 or more");
      check(Array.isArray(names) && names.length, "names must come with the first frames");
      check(typeof frames === "string", "frames must be base64");
      const set = setOfColumns(names);
      check(set, "names must be the names of a set of shapes");
      const bytes = fromBase64(frames);
      check(bytes.length % names.length === 0, "frames must have a byte for each name");
      this.columns = names;
      const rows = { offsetMs: offset, stepMs: 1000 / fps, set: /** @type {ShapeSet} */ (set), names, bytes };
      return { ...rows, count: bytes.length / names.length };
    } catch (error) {
      // atob throws a DOMException.
      if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
      warn(`blend weights are not valid: ${error.message}`);
      return null;
    }
  }
}

/**
 * @param {string[]} names
 * @returns {ShapeSet | null}
 */
function setOfColumns(names) {
  if (names.includes("jawOpen")) return "arkit";
  if (names.every((name) => SHAPES.oculus.includes(name))) return "oculus";
  return names.every((name) => SHAPES.vrm.includes(name)) ? "vrm" : null;
}

/**
 * @param {unknown} holds
 * @param {string} problem
 */
function check(holds, problem) {
  if (!holds) throw new TypeError(problem);
}
