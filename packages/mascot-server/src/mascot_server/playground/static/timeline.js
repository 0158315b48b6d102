/**
 * The mouth along the audio clock: which shape is due when, and how much of each to show for soft movement.
 *
 * Positions are milliseconds of the clock on which the sound is scheduled (that of the AudioContext), so that
 * what is
 * between two pieces of sound is silence, and the mouth is closed there. Pure: no DOM, no clock of its own.
 */

/** The viseme id of a closed mouth. */
export const CLOSED = 0;

const BLEND_MS = 80;
const SMALLEST = 1e-4;

/**
 * @typedef {{offset: number, visemeId: number}} Cue a change of shape, in ms from the start of its message's
 *   audio
 * @typedef {{startMs: number, endMs: number, cues: {atMs: number, viseme: number}[]}} Segment one message's
 *   audio
 * @typedef {{viseme: number, weights: Map<number, number>, speaking: boolean}} Mouth
 */

/** Shapes and the sound that they belong to, on one axis. */
export class Timeline {
  /**
   * @param {{blendMs?: number}} [options] how long one shape takes to become the next, centred on the change
   */
  constructor({ blendMs = BLEND_MS } = {}) {
    this.blendMs = blendMs;
    /** @type {Segment[]} */
    this.segments = [];
    // The last shape that the server told of holds into the next message: it sends changes only.
    this.told = CLOSED;
  }

  /**
   * Adds one message's audio.
   *
   * @param {number} startMs where it is scheduled
   * @param {number} durationMs how long it is
   * @param {Cue[]} cues sorted changes; an offset counts from `startMs`
   * @returns {Segment}
   */
  add(startMs, durationMs, cues) {
    const endMs = startMs + durationMs;
    const placed = [{ atMs: startMs, viseme: this.told }];
    for (const { offset, visemeId } of cues) {
      if (offset < 0 || offset >= durationMs) continue;
      if (offset === 0) placed.length = 0;
      placed.push({ atMs: startMs + offset, viseme: visemeId });
    }
    this.hold(cues);
    const segment = { startMs, endMs, cues: placed };
    if (durationMs > 0) this.segments.push(segment);
    return segment;
  }

  /**
   * Takes note of shapes whose audio is not played, because the user has cut the agent off.
   *
   * @param {Cue[]} cues
   */
  hold(cues) {
    if (cues.length) this.told = cues[cues.length - 1].visemeId;
  }

  /**
   * Drops everything from a position on.
   *
   * @param {number} atMs
   */
  cut(atMs) {
    this.segments = this.segments.filter((segment) => segment.startMs < atMs);
    for (const segment of this.segments) {
      segment.endMs = Math.min(segment.endMs, atMs);
      segment.cues = segment.cues.filter((cue) => cue.atMs < atMs);
    }
  }

  /**
   * Forgets what ended before a position.
   *
   * @param {number} atMs
   */
  forget(atMs) {
    if (this.segments.length && this.segments[0].endMs < atMs) {
      this.segments = this.segments.filter((segment) => segment.endMs >= atMs);
    }
  }

  /** @returns {number} where the last sound ends, -Infinity where there is none */
  get endMs() {
    return this.segments.length ? this.segments[this.segments.length - 1].endMs : -Infinity;
  }

  /**
   * The mouth at a position.
   *
   * @param {number} atMs what is heard now
   * @returns {Mouth}
   */
  mouth(atMs) {
    const half = this.blendMs / 2;
    const weights = new Map();
    const give = (viseme, share) => weights.set(viseme, (weights.get(viseme) ?? 0) + share);
    let before = 0;
    let viseme = CLOSED;
    let speaking = false;
    for (const span of this.spans(atMs - half, atMs + half)) {
      const reached = shareBefore((span.endMs - atMs) / half);
      if (reached - before > SMALLEST) give(span.viseme, reached - before);
      before = Math.max(before, reached);
      if (span.startMs <= atMs && atMs < span.endMs) ({ viseme, speaking } = span);
    }
    if (!weights.size) give(viseme, 1);
    const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
    for (const [id, weight] of weights) weights.set(id, weight / total);
    return { viseme, weights, speaking };
  }

  /**
   * The stretches of one shape that cover a range without gaps, silence included.
   *
   * @param {number} fromMs
   * @param {number} toMs
   * @returns {Generator<{startMs: number, endMs: number, viseme: number, speaking: boolean}>}
   */
  *spans(fromMs, toMs) {
    let at = -Infinity;
    for (const segment of this.segments) {
      if (segment.endMs < fromMs) continue;
      if (segment.startMs > toMs) break;
      if (segment.startMs > at) {
        yield { startMs: at, endMs: segment.startMs, viseme: CLOSED, speaking: false };
      }
      for (let index = 0; index < segment.cues.length; index += 1) {
        const { atMs: startMs, viseme } = segment.cues[index];
        const endMs = segment.cues[index + 1]?.atMs ?? segment.endMs;
        yield { startMs, endMs, viseme, speaking: true };
      }
      at = segment.endMs;
    }
    if (at <= toMs) yield { startMs: at, endMs: Infinity, viseme: CLOSED, speaking: false };
  }
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
