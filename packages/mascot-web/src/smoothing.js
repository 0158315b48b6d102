/**
 * Reduces the number of mouth shapes. A face that shows a shape for every sound looks mechanical. The rules and the names
 * of the settings are those of mascot-client.
 */

import { convert } from "./shapes.js";

/**
 * @typedef {{minIntervalMs: number, mergeWindowMs: number, similarityThreshold: number, keyPreference: number,
 *   preserveSilence: boolean, preserveCritical: boolean, criticalMinDurationMs: number, absorbMs: number,
 *   critical: readonly number[]}} Smoothing
 *   `minIntervalMs`: minimum time between two shapes. `mergeWindowMs`: a shape is dropped if it follows a similar shape
 *   within this time and lasts less than this time. `similarityThreshold`: similarity from which two shapes count as
 *   similar, 0 to 1. `keyPreference`: how much higher the threshold is for distinct shapes, 0 to 1. `preserveSilence`,
 *   `preserveCritical`: whether silence and critical shapes are always kept, without delay. `criticalMinDurationMs`:
 *   minimum duration of a critical shape. `absorbMs`: minimum duration of a delayed shape; a shorter one is dropped.
 *   `critical`: SAPI ids of the critical shapes.
 */

/** @type {Smoothing} */
const DEFAULT = Object.freeze({
  minIntervalMs: 60,
  mergeWindowMs: 80,
  similarityThreshold: 0.6,
  keyPreference: 0.7,
  preserveSilence: true,
  preserveCritical: true,
  criticalMinDurationMs: 0,
  absorbMs: 30,
  critical: Object.freeze([7, 8, 13, 14, 18, 21]),
});

/** The presets by name. */
export const SMOOTHING_PRESETS = Object.freeze({
  default: DEFAULT,
  conversation: Object.freeze({
    ...DEFAULT, minIntervalMs: 40, mergeWindowMs: 60, similarityThreshold: 0.4, keyPreference: 0.6,
    criticalMinDurationMs: 80,
  }),
  fastSpeech: Object.freeze({
    ...DEFAULT, minIntervalMs: 80, mergeWindowMs: 100, similarityThreshold: 0.5, keyPreference: 0.5,
  }),
  articulate: Object.freeze({
    ...DEFAULT, minIntervalMs: 40, mergeWindowMs: 40, similarityThreshold: 0.9, keyPreference: 0.9,
  }),
});

// How far the jaw is open, how rounded the lips are, and how visible the contact of lips or tongue is, by SAPI id.
const POINTS = [
  [0, 0, 0], [0.55, 0.1, 0], [1, 0.1, 0], [0.75, 0.7, 0], [0.45, 0, 0], [0.3, 0.5, 0], [0.25, 0, 0], [0.15, 1, 0],
  [0.5, 0.9, 0], [0.85, 0.4, 0], [0.6, 0.8, 0], [0.8, 0.05, 0], [0.4, 0.05, 0], [0.2, 0.6, 0.2], [0.35, 0.05, 0.6],
  [0.1, 0, 0.25], [0.15, 0.55, 0.25], [0.25, 0, 0.7], [0.1, 0.1, 0.9], [0.2, 0, 0.35], [0.3, 0, 0.1], [0, 0.05, 1],
];
const PLAIN = [0.35, 0.1, 0.1];
/** @type {(a: number[], b: number[]) => number} */
const distance = (a, b) => Math.hypot(...a.map((value, axis) => value - b[axis]));
const FARTHEST = Math.max(...POINTS.flatMap((one) => POINTS.map((other) => distance(one, other))));
const STANDING_OUT = Math.max(...POINTS.map((point) => distance(point, PLAIN)));

const LONG_CLOSED = { atMs: -Infinity, id: 0 };

/** @typedef {{atMs: number, viseme: import("./shapes.js").Viseme}} Event */

/** Smooths the visemes of one conversation, message by message. It looks ahead only to the end of the message. */
export class Smoother {
  /** @param {Partial<Smoothing>} smoothing The settings; missing ones are those of the preset `default`. */
  constructor(smoothing) {
    this.smoothing = { ...DEFAULT, ...smoothing };
    this.shown = LONG_CLOSED;
    /** @type {Event | null} */
    this.waiting = null;
  }

  /** Starts again with a closed mouth. Call it after an interruption. */
  reset() {
    this.shown = LONG_CLOSED;
    this.waiting = null;
  }

  /**
   * Returns the events of the next message with fewer visemes.
   *
   * @param {Event[]} events The events of the message, sorted.
   * @param {import("./shapes.js").ShapeSet} set The set of shapes of the events.
   * @param {number} endMs The end of the message's audio in ms.
   * @returns {Event[]} The remaining events.
   */
  push(events, set, endMs) {
    const coming = this.waiting ? [this.waiting, ...events] : events;
    this.waiting = null;
    /** @type {Event[]} */
    const kept = [];
    coming.forEach((event, index) => {
      const id = Number(convert(event.viseme, set, "sapi"));
      const atMs = this.due(event.atMs, id, coming[index + 1]?.atMs ?? Infinity);
      if (atMs === null) return;
      if (atMs >= endMs) {
        // Only the last shape can be delayed beyond the message, because no shape follows it here.
        this.waiting = event;
        return;
      }
      kept.push({ atMs, viseme: event.viseme });
      this.shown = { atMs, id };
    });
    return kept;
  }

  /**
   * @param {number} at
   * @param {number} id SAPI
   * @param {number} until the start of the next shape in ms
   * @returns {number | null} the time at which to show the shape; null to drop it
   */
  due(at, id, until) {
    const { shown, smoothing: own } = this;
    if (id === shown.id || until === at) return null;
    if (id === 0 ? own.preserveSilence : own.preserveCritical && own.critical.includes(id)) return at;
    const close = Math.max(at - shown.atMs, until - at) < own.mergeWindowMs;
    if (close && this.resembles(shown.id, id)) return null;
    const held = own.critical.includes(shown.id) ? own.criticalMinDurationMs : 0;
    const due = Math.max(at, shown.atMs + Math.max(own.minIntervalMs, held));
    return due > at && until - due < Math.max(own.absorbMs, 1) ? null : due;
  }

  /**
   * @param {number} shown
   * @param {number} id
   * @returns {boolean} whether a shape may be dropped because it looks like the one before it
   */
  resembles(shown, id) {
    const { similarityThreshold, keyPreference } = this.smoothing;
    const distinctness = distance(POINTS[id], PLAIN) / STANDING_OUT;
    const wanted = similarityThreshold + Math.max(0, 1 - similarityThreshold) * keyPreference * distinctness;
    return 1 - distance(POINTS[shown], POINTS[id]) / FARTHEST >= wanted;
  }
}
