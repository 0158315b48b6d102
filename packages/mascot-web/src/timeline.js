/**
 * The mouth in time with the sound: which shape is due now, and how much of each shape to show for a soft movement.
 *
 * Times are milliseconds of the clock on which the sound is played. Where no sound is known the mouth is closed.
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
 *   message. `cues` are its changes of shape, the first one at its start; `set` is the set of their visemes
 * @typedef {{startMs: number, endMs: number, blocks: import("./contract.js").Rows[], cut: boolean}} Run audio without a
 *   gap that the server has sent weights for; `cut` if the end of it was dropped
 * @typedef {{viseme: Viseme, startMs: number, durationMs: number}} VisemeEvent
 * @typedef {{clock?: () => number, shapes?: ShapeSet, leadMs?: number, delayMs?: number, blendMs?: number,
 *   smoothing?: keyof typeof SMOOTHING_PRESETS | Partial<Smoothing>}} TimelineOptions
 */

const HISTORY_MS = 15_000;
// So near, in ms, a message's own visemes say which of several that look alike a weight is of.
const NEAR_MS = 100;
// Half of a window must not be 0.
const SMALLEST_MS = 1e-4;
// So far apart, in ms, two messages still follow each other without a gap.
const SEAM_MS = 1;

/** Visemes and weights along the sound that they belong to. */
export class VisemeTimeline {
  #clock;
  #delayMs;
  #leadMs;
  #blendMs;
  #reader;
  #smoother;
  /** @type {{viseme: Viseme, set: ShapeSet}} the shape that holds into the next message, which has changes only */
  #held = { viseme: 0, set: "sapi" };

  /**
   * @param {TimelineOptions} [options]
   *   `clock` returns which moment of the sound is heard now, in ms, and never goes back;
   *   `shapes` is the set in which `now`, `weights` and `events` answer;
   *   `leadMs` is how much earlier than its sound the mouth moves;
   *   `delayMs` is how much later than `start` the sound is heard, for clocks that do not know it;
   *   `blendMs` is how long one viseme takes to become the next where the server sends no weights;
   *   `smoothing` shows fewer visemes: a name or an object of `SMOOTHING_PRESETS`
   */
  constructor(options = {}) {
    const { clock = () => performance.now(), shapes = "oculus", leadMs = 0, delayMs = 0, blendMs = 80 } = options;
    const { smoothing } = options;
    if (!(shapes in SHAPES)) throw new RangeError(`shapes: must be one of ${Object.keys(SHAPES).join(", ")}`);
    /** @type {ShapeSet} */
    this.shapes = shapes;
    /** @type {Segment[]} */
    this.segments = [];
    /** How many changes of shape have come. */
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

  /** @returns {number} the moment of the sound that is heard now, in ms */
  get positionMs() {
    return this.#clock() - this.#delayMs;
  }

  /** @returns {number} where the sound added so far ends; -Infinity if there is none */
  get endMs() {
    return this.segments.at(-1)?.endMs ?? -Infinity;
  }

  /** @returns {boolean} whether sound is being heard */
  get speaking() {
    const at = this.positionMs;
    return this.segments.some(({ startMs, endMs }) => startMs <= at && at < endMs);
  }

  /**
   * Adds the payload of one message. A payload without `audio_duration` holds until the next one.
   *
   * @param {unknown} payload as the server or an agent sends it
   * @param {number} [start] when its sound starts, on the clock; by default behind what is there, or now
   * @returns {Segment | null} null where the payload breaks the contract
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
    // What follows a cut begins anew.
    if (follows && before.run && !before.run.cut) segment.run = before.run;
    this.#keepRows(message.rows, segment, startMs);
    if (segment.run) segment.run.endMs = endMs;
    if (endMs > startMs) this.segments.push(segment);
    return segment;
  }

  /**
   * Takes note of a payload whose sound is not played. The next one counts on its last shape.
   *
   * @param {unknown} payload
   */
  skip(payload) {
    const message = this.#reader.read(payload);
    if (message) this.#hold(message.changes, message.set);
  }

  /**
   * @param {ShapeSet} [shapes] which set to answer in
   * @param {number} [atMs] by default what is heard now, and `leadMs`
   * @returns {Viseme} the viseme to show
   */
  now(shapes = this.shapes, atMs = this.positionMs + this.#leadMs) {
    for (const { startMs, endMs, viseme, set } of this.#spans(atMs, atMs)) {
      if (startMs <= atMs && atMs < endMs) return convert(viseme, set, shapes);
    }
    return visemesOf(shapes)[0];
  }

  /**
   * Returns how much of each shape to show: the weights that the server sent, or else visemes that blend into each other.
   *
   * @param {ShapeSet} [shapes] which set to answer in
   * @param {number} [atMs] by default what is heard now, and `leadMs`
   * @returns {Weights} by name, 0 to 1, together 1; with `arkit` the coefficients of blendshapes
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
   * @param {number} [fromMs] leaves out what ended before
   * @returns {VisemeEvent[]} each viseme that is known, with how long it is shown; Infinity where that is not known
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
   * Drops all sound that has not been heard: the user interrupts. The mouth closes.
   *
   * @param {number} [atMs] where the sound ends
   */
  interrupt(atMs = this.positionMs) {
    this.#cut(atMs);
    this.#held = { viseme: 0, set: "sapi" };
    this.#smoother?.reset();
  }

  /** Ends a speech: the mouth closes where its sound ends, or now where that is not known. */
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
   * @param {number} startMs where the audio starts that they belong to
   */
  #keepRows(rows, segment, startMs) {
    if (!rows) return;
    segment.run ??= { startMs: segment.startMs, endMs: segment.endMs, blocks: [], cut: false };
    if (rows.count) segment.run.blocks.push({ ...rows, offsetMs: startMs + rows.offsetMs });
  }

  /**
   * Adds a share of the rows at a position, between two of them a mixture of both.
   *
   * @param {Weights} weights changed
   * @param {number} share
   * @param {Run} run
   * @param {number} atMs
   * @param {ShapeSet} shapes
   * @returns {boolean} whether there are rows that this set can show
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
   * The visemes of the messages themselves about a position: their set may tell apart what is one shape in the weights.
   *
   * @param {number} atMs
   * @param {ShapeSet} set of the weights
   * @returns {Map<Viseme, {viseme: Viseme, set: ShapeSet}>} by shape of `set`, the nearest one
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
   * The stretches of one shape that cover a range without gaps, silence included.
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
 * @returns {Weights} with a sum of 1
 */
function normalised(weights) {
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0) || 1;
  for (const name in weights) weights[name] /= total;
  return weights;
}

/**
 * How much of a Hann window over -1 to 1 lies before x.
 *
 * @param {number} x
 * @returns {number}
 */
function shareBefore(x) {
  if (x <= -1) return 0;
  return x >= 1 ? 1 : (1 + x + Math.sin(Math.PI * x) / Math.PI) / 2;
}
