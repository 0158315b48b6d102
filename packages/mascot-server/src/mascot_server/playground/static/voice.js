/** Sound and mouth together, and which turn of the conversation they belong to. */

import { MascotPlayer } from "./mascot-web/index.js";

const RATE_MS = 5000;

export class Voice {
  constructor() {
    this.player = new MascotPlayer({ shapes: "sapi" });
    this.timeline = this.player.timeline;
    this.turn = { id: "", startMs: 0 };
  }

  /**
   * Plays the next piece of a turn.
   *
   * @param {string} turn
   * @param {Float32Array} samples
   * @param {number} rate in Hz
   * @param {import("./mascot-web/index.js").Payload | null} payload its visemes, null if it has none
   * @returns {import("./mascot-web/index.js").Segment}
   */
  say(turn, samples, rate, payload) {
    const segment = this.player.play(samples, { encoding: "pcm16", rate }, payload);
    if (turn !== this.turn.id) this.turn = { id: turn, startMs: segment.startMs };
    return segment;
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
    return { atMs: this.player.interrupt(), turn: turn.id, heardMs: Math.max(0, heardMs - turn.startMs) };
  }

  /** @returns {import("./panels/stage.js").Mouth} what the mouth shows now */
  mouth() {
    const { timeline } = this;
    return { viseme: Number(timeline.now()), weights: Object.entries(timeline.weights()), speaking: timeline.speaking };
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
