/** Sound and mouth together: what is played is told to the timeline at the place where it will be heard. */

import { Player } from "./audio/player.js";
import { loudnessCues } from "./loudness.js";
import { Timeline } from "./timeline.js";

const HISTORY_MS = 15_000;
const RATE_MS = 5000;

export class Voice {
  constructor() {
    this.player = new Player();
    this.timeline = new Timeline();
    this.turn = { id: "", startMs: 0 };
  }

  /**
   * Plays the next piece of a turn.
   *
   * @param {string} turn
   * @param {Float32Array} samples
   * @param {number} rate in Hz
   * @param {import("./timeline.js").Cue[] | null} cues null where nobody said anything of the mouth
   * @returns {import("./timeline.js").Segment}
   */
  say(turn, samples, rate, cues) {
    const { startMs, durationMs } = this.player.play(samples, rate);
    if (turn !== this.turn.id) this.turn = { id: turn, startMs };
    this.timeline.forget(this.heardMs - HISTORY_MS);
    return this.timeline.add(startMs, durationMs, cues ?? loudnessCues(samples, rate));
  }

  /**
   * Stops at once; the mouth closes.
   *
   * @returns {{atMs: number, turn: string, heardMs: number} | null} where, and how much of which turn was
   *   heard; null
   *   if nothing was to be heard any more
   */
  stop() {
    const { heardMs, turn } = this;
    if (this.timeline.endMs <= heardMs) return null;
    const atMs = this.player.stop();
    this.timeline.cut(atMs);
    return { atMs, turn: turn.id, heardMs: Math.max(0, heardMs - turn.startMs) };
  }

  /** @returns {number} what is heard, in ms of the audio clock */
  get heardMs() {
    return this.player.heardMs;
  }

  /** @returns {number | null} visemes for each second of the speech heard last, null where there was hardly any */
  get rate() {
    const { heardMs } = this;
    const heard = this.timeline.segments.filter((one) => one.endMs > heardMs - RATE_MS && one.startMs < heardMs);
    const spokenMs = heard.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
    const changes = heard.reduce((sum, { cues }) => sum + cues.length, 0);
    return spokenMs > RATE_MS / 10 ? (1000 * changes) / spokenMs : null;
  }

  /** @returns {boolean} whether something is heard, or will be */
  get busy() {
    return this.timeline.endMs > this.heardMs;
  }
}
