/**
 * Returns the visemes in time with the audio: the current viseme, and blend weights for a smooth movement.
 *
 * Times are milliseconds on the clock of the playback. The mouth is closed while there is no audio.
 */

import { Reader } from "./contract.js";
import { SHAPES, addViseme, convert, visemesOf } from "./shapes.js";
import { SMOOTHING_PRESETS, Smoother } from "./smoothing.js";

/**
 * @typedef {import("./shapes.js").ShapeSet} ShapeSet
 * @typedef {import("./shapes.js").Viseme} Viseme
 * @typedef {import("./shapes.js").Weights} Weights
 * @typedef {import("./smoothing.js").Smoothing} Smoothing
 * @typedef {{atMs: number, viseme: Viseme}} Cue
 * @typedef {{startMs: number, endMs: number, set: ShapeSet, cues: Cue[], run: Run | null}} Segment the audio of one
 *   message. `cues` are its visemes, the first one at its start. `set` is their set of shapes.
 * @typedef {{startMs: number, endMs: number, blocks: import("./contract.js").Rows[], cut: boolean}} Run audio without
 *   gaps for which the server sent blend weights. `cut` is true if its end was dropped.
 * @typedef {{viseme: Viseme, startMs: number, durationMs: number}} VisemeEvent
 * @typedef {{clock?: () => number, shapes?: ShapeSet, leadMs?: number, delayMs?: number, blendMs?: number,
 *   smoothing?: keyof typeof SMOOTHING_PRESETS | Partial<Smoothing>}} TimelineOptions
 */

const HISTORY_MS = 15_000;
// Within this distance, in ms, the visemes of a message select one of several visemes that have the same weight column.
const NEAR_MS = 100;
// Half of the window must not be 0.
const SMALLEST_MS = 1e-4;
// Up to this distance, in ms, two messages count as consecutive.
const SEAM_MS = 1;

/** Visemes and blend weights along the audio. */
export class VisemeTimeline {
  #clock;
  #delayMs;
  #leadMs;
  #blendMs;
  #reader;
  #smoother;
  /** @type {{viseme: Viseme, set: ShapeSet}} The last viseme; it continues into the next message. */
  #held = { viseme: 0, set: "sapi" };

  /**
   * @param {TimelineOptions} [options]
   *   `clock`: function that returns the audible position in ms; it must be monotonic.
   *   `shapes`: the set of shapes that `now`, `weights` and `events` return; the default is `oculus`.
   *   `leadMs`: how much earlier than the audio the mouth moves, in ms.
   *   `delayMs`: the delay of the audio in ms, if `clock` does not include it.
   *   `blendMs`: the duration of the transition between two visemes in ms, if the server sends no blend weights.
   *   `smoothing`: reduces the number of visemes; a name or an object of `SMOOTHING_PRESETS`.
   * @throws {RangeError} `shapes` or `smoothing` is unknown.
   */
  constructor(options = {}) {
    const { clock = () => performance.now(), shapes = "oculus", leadMs = 0, delayMs = 0, blendMs = 80 } = options;
    const { smoothing } = options;
    if (!(shapes in SHAPES)) throw new RangeError(`shapes: must be one of ${Object.keys(SHAPES).join(", ")}`);
    /** @type {ShapeSet} */
    this.shapes = shapes;
    /** @type {Segment[]} */
    this.segments = [];
    /** The number of visemes received. */
    this.changes = 0;
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.#leadMs = leadMs;
    this.#blendMs = blendMs;
    this.#reader = new Reader(shapes);
    const preset = typeof smoothing === "string" ? SMOOTHING_PRESETS[smoothing] : smoothing;
    if (smoothing && !preset) throw new RangeError(`smoothing: must be one of ${Object.keys(SMOOTHING_PRESETS).join(", ")}`);
    this.#smoother = preset ? new Smoother(preset) : null;
  }

  /** @returns {number} The audible position now, in ms. */
  get positionMs() {
    return this.#clock() - this.#delayMs;
  }

  /** @returns {number} The end of the audio added so far, in ms; -Infinity if there is none. */
  get endMs() {
    return this.segments.at(-1)?.endMs ?? -Infinity;
  }

  /** @returns {boolean} Whether audio is played now. */
  get speaking() {
    const at = this.positionMs;
    return this.segments.some(({ startMs, endMs }) => startMs <= at && at < endMs);
  }

  /**
   * Adds the payload of one message. A payload without `audio_duration` lasts until the next one.
   *
   * @param {unknown} payload The payload, as the server or the agent sends it.
   * @param {number} [start] The start of its audio on the clock, in ms. The default is the end of the audio, or now.
   * @returns {Segment | null} The segment; null if the payload is not valid.
   */
  add(payload, start) {
    const message = this.#reader.read(payload);
    if (!message) return null;
    const last = this.segments.at(-1);
    const open = last?.endMs === Infinity;
    const startMs = start ?? Math.max(this.#clock(), open ? -Infinity : this.endMs);
    const endMs = startMs + (message.durationMs ?? Infinity);
    let cues = message.changes.map(({ offset, viseme }) => ({ atMs: startMs + offset, viseme }));
    this.changes += cues.length;
    if (this.#smoother) cues = this.#smoother.push(cues, message.set, endMs);
    this.#forget();
    if (open && endMs === Infinity && last.set === message.set && last.startMs <= startMs) {
      last.cues = [...last.cues, ...cues].sort((a, b) => a.atMs - b.atMs);
      this.#keepRows(message.rows, last, startMs);
      this.#hold(cues, message.set);
      return last;
    }
    const before = this.segments.at(-1);
    const follows = before !== undefined && Math.abs(before.endMs - startMs) < SEAM_MS;
    if (follows) before.endMs = startMs;
    else if (before && before.endMs > startMs) this.#cut(startMs);
    const { viseme, set } = this.#held;
    this.#hold(cues, message.set);
    if (cues[0]?.atMs !== startMs) cues.unshift({ atMs: startMs, viseme: convert(viseme, set, message.set) });
    /** @type {Segment} */
    const segment = { startMs, endMs, set: message.set, cues, run: null };
    // Audio after a cut starts a new run.
    if (follows && before.run && !before.run.cut) segment.run = before.run;
    this.#keepRows(message.rows, segment, startMs);
    if (segment.run) segment.run.endMs = endMs;
    if (endMs > startMs) this.segments.push(segment);
    return segment;
  }

  /**
   * Processes a payload whose audio is not played. Its last viseme is needed for the next payload.
   *
   * @param {unknown} payload The payload.
   */
  skip(payload) {
    const message = this.#reader.read(payload);
    if (message) this.#hold(message.changes, message.set);
  }

  /**
   * Returns the viseme to show now.
   *
   * @param {ShapeSet} [shapes] The set of shapes of the result.
   * @param {number} [atMs] The position in ms. The default is the audible position plus `leadMs`.
   * @returns {Viseme} The viseme.
   */
  now(shapes = this.shapes, atMs = this.positionMs + this.#leadMs) {
    for (const { startMs, endMs, viseme, set } of this.#spans(atMs, atMs)) {
      if (startMs <= atMs && atMs < endMs) return convert(viseme, set, shapes);
    }
    return visemesOf(shapes)[0];
  }

  /**
   * Returns the blend weights to show now: those of the server, or otherwise a transition between visemes.
   *
   * @param {ShapeSet} [shapes] The set of shapes of the result.
   * @param {number} [atMs] The position in ms. The default is the audible position plus `leadMs`.
   * @returns {Weights} The weights by name, 0 to 1, with a sum of 1; for `arkit` the coefficients of blendshapes.
   */
  weights(shapes = this.shapes, atMs = this.positionMs + this.#leadMs) {
    const half = Math.max(this.#blendMs / 2, SMALLEST_MS);
    /** @type {Weights} */
    const weights = Object.fromEntries(SHAPES[shapes].map((name) => [name, 0]));
    let before = 0;
    for (const span of this.#spans(atMs - half, atMs + half)) {
      const reached = shareBefore((span.endMs - atMs) / half);
      const share = reached - before;
      before = Math.max(before, reached);
      if (share <= 0) continue;
      if (!span.run || !this.#addRows(weights, share, span.run, atMs, shapes)) {
        addViseme(weights, share, span.viseme, span.set, shapes);
      }
    }
    return shapes === "arkit" ? weights : normalised(weights);
  }

  /**
   * Returns the visemes on the timeline with their durations.
   *
   * @param {number} [fromMs] Visemes that end before this position are not returned.
   * @returns {VisemeEvent[]} The visemes, sorted. A duration that is not known is Infinity.
   */
  events(fromMs = -Infinity) {
    /** @type {VisemeEvent[]} */
    const events = [];
    for (const { cues, endMs, set } of this.segments) {
      cues.forEach(({ atMs: startMs, viseme }, index) => {
        const until = cues[index + 1]?.atMs ?? endMs;
        if (until <= startMs) return;
        const shown = convert(viseme, set, this.shapes);
        const last = events.at(-1);
        if (last?.viseme === shown && last.startMs + last.durationMs === startMs) last.durationMs = until - last.startMs;
        else events.push({ viseme: shown, startMs, durationMs: until - startMs });
      });
    }
    return events.filter(({ startMs, durationMs }) => startMs + durationMs > fromMs);
  }

  /**
   * Drops the audio that has not been played, after an interruption by the user. The mouth closes.
   *
   * @param {number} [atMs] The position in ms at which the audio ends.
   */
  interrupt(atMs = this.positionMs) {
    this.#cut(atMs);
    this.#held = { viseme: 0, set: "sapi" };
    this.#smoother?.reset();
  }

  /** Ends a speech. The mouth closes at the end of its audio, or now if that is not known. */
  finish() {
    if (this.endMs === Infinity) this.#cut(this.positionMs);
    this.#held = { viseme: 0, set: "sapi" };
  }

  /**
   * @param {{viseme: Viseme}[]} changes
   * @param {ShapeSet} set
   */
  #hold(changes, set) {
    const last = changes.at(-1);
    if (last) this.#held = { viseme: last.viseme, set };
  }

  /**
   * @param {import("./contract.js").Rows | null} rows
   * @param {Segment} segment
   * @param {number} startMs the start of their audio in ms
   */
  #keepRows(rows, segment, startMs) {
    if (!rows) return;
    segment.run ??= { startMs: segment.startMs, endMs: segment.endMs, blocks: [], cut: false };
    if (rows.count) segment.run.blocks.push({ ...rows, offsetMs: startMs + rows.offsetMs });
  }

  /**
   * Adds the rows at a position to the weights, interpolated between two rows.
   *
   * @param {Weights} weights changed
   * @param {number} share
   * @param {Run} run
   * @param {number} atMs
   * @param {ShapeSet} shapes
   * @returns {boolean} whether there are rows for this set of shapes
   */
  #addRows(weights, share, { startMs, endMs, blocks }, atMs, shapes) {
    const at = Math.min(Math.max(atMs, startMs), endMs);
    let index = blocks.length - 1;
    while (index > 0 && blocks[index].offsetMs > at) index -= 1;
    const block = blocks[index];
    if (!block || (block.set === "arkit" && shapes !== "arkit")) return false;
    const { names, bytes, count, set, stepMs, offsetMs } = block;
    const place = Math.max(0, (at - offsetMs) / stepMs);
    const row = Math.min(Math.floor(place), count - 1);
    const following = row + 1 < count ? block : (blocks[index + 1] ?? block);
    const nextRow = row + 1 < count ? row + 1 : following === block ? row : 0;
    const part = Math.min(1, place - row);
    const likes = set === shapes || shapes === "arkit" ? null : this.#likes(at, set);
    names.forEach((name, column) => {
      const now = bytes[row * names.length + column];
      const next = following.bytes[nextRow * names.length + column];
      const amount = (share * ((1 - part) * now + part * next)) / 255;
      if (!amount) return;
      const like = likes?.get(name);
      if (set === "arkit") weights[name] = (weights[name] ?? 0) + amount;
      else if (like) addViseme(weights, amount, like.viseme, like.set, shapes);
      else addViseme(weights, amount, name, set, shapes);
    });
    return true;
  }

  /**
   * Returns the visemes of the messages near a position. Their set may distinguish shapes that share one column of weights.
   *
   * @param {number} atMs
   * @param {ShapeSet} set of the weights
   * @returns {Map<Viseme, {viseme: Viseme, set: ShapeSet}>} the nearest viseme for each shape of `set`
   */
  #likes(atMs, set) {
    const likes = new Map();
    const nearest = new Map();
    for (const { startMs, endMs, ...own } of this.#spans(atMs - NEAR_MS, atMs + NEAR_MS)) {
      const name = convert(own.viseme, own.set, set);
      const distance = Math.max(startMs - atMs, atMs - endMs, 0);
      if (distance >= (nearest.get(name) ?? Infinity)) continue;
      nearest.set(name, distance);
      likes.set(name, own);
    }
    return likes;
  }

  /** @param {number} atMs */
  #cut(atMs) {
    this.segments = this.segments.filter(({ startMs }) => startMs < atMs);
    for (const segment of this.segments) {
      segment.endMs = Math.min(segment.endMs, atMs);
      segment.cues = segment.cues.filter((cue) => cue.atMs < atMs);
      if (segment.run && segment.run.endMs > atMs) Object.assign(segment.run, { endMs: atMs, cut: true });
    }
  }

  #forget() {
    const before = this.positionMs - HISTORY_MS;
    while (this.segments.length && this.segments[0].endMs < before) this.segments.shift();
    for (const { cues, run } of this.segments) {
      while (cues.length > 1 && cues[1].atMs < before) cues.shift();
      const { blocks = [] } = run ?? {};
      while (blocks.length > 1 && blocks[1].offsetMs < before) blocks.shift();
    }
  }

  /**
   * Yields the visemes in a range without gaps, including silence.
   *
   * @param {number} fromMs
   * @param {number} toMs
   * @returns {Generator<{startMs: number, endMs: number, viseme: Viseme, set: ShapeSet, run: Run | null}>}
   */
  *#spans(fromMs, toMs) {
    const rest = /** @type {const} */ ({ viseme: 0, set: "sapi", run: null });
    let at = -Infinity;
    for (const { startMs, endMs, cues, set, run } of this.segments) {
      if (endMs < fromMs) continue;
      if (startMs > toMs) break;
      if (startMs > at) yield { startMs: at, endMs: startMs, ...rest };
      for (let index = 0; index < cues.length; index += 1) {
        const { atMs, viseme } = cues[index];
        yield { startMs: atMs, endMs: cues[index + 1]?.atMs ?? endMs, viseme, set, run };
      }
      at = endMs;
    }
    if (at <= toMs) yield { startMs: at, endMs: Infinity, ...rest };
  }
}

/**
 * @param {Weights} weights
 * @returns {Weights} the same weights, with a sum of 1
 */
function normalised(weights) {
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0) || 1;
  for (const name in weights) weights[name] /= total;
  return weights;
}

/**
 * Returns the integral up to x of a Hann window from -1 to 1, whose total is 1.
 *
 * @param {number} x
 * @returns {number}
 */
function shareBefore(x) {
  if (x <= -1) return 0;
  return x >= 1 ? 1 : (1 + x + Math.sin(Math.PI * x) / Math.PI) / 2;
}
