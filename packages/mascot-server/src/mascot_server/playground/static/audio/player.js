/** Plays pieces of audio end to end on one AudioContext, and says what is being heard. */

import { Resampler } from "./pcm.js";

// How far ahead of the clock sound begins after a silence: less, and the first pieces could come late.
const LEAD_S = 0.06;
const FADE_S = 0.012;
const PATIENCE_MS = 1000;

export class Player {
  constructor() {
    /** @type {AudioContext | null} */
    this.context = null;
    this.sources = new Set();
    this.frame = 0;
    this.rate = 0;
    this.heardS = 0;
  }

  /**
   * Begins.
   *
   * @returns {Promise<AudioContext>}
   * @throws {Error} the browser lets no page play sound before somebody has clicked on it
   */
  async open() {
    this.context ??= new AudioContext({ latencyHint: "interactive" });
    // Where it is not allowed, this promise stays open.
    await Promise.race([this.context.resume(), new Promise((over) => setTimeout(over, PATIENCE_MS))]);
    if (this.context.state !== "running") {
      throw new Error("The browser plays no sound yet: click anywhere on the page, and try again.");
    }
    this.bus ??= this.newBus();
    return this.context;
  }

  /**
   * Schedules audio behind what is there.
   *
   * @param {Float32Array} samples
   * @param {number} rate in Hz
   * @returns {{startMs: number, durationMs: number}} where it is on the clock
   */
  play(samples, rate) {
    const { context } = this;
    const earliest = Math.ceil((context.currentTime + LEAD_S) * context.sampleRate);
    const dry = this.frame < earliest - LEAD_S * context.sampleRate;
    if (dry || rate !== this.rate) {
      this.frame = Math.max(dry ? earliest : 0, Math.ceil(this.frame));
      this.resampler = new Resampler(rate, context.sampleRate);
      this.rate = rate;
      // What is told to the timeline is counted in the audio's own samples; what is played, in the context's.
      this.next = this.frame;
    }
    const resampled = this.resampler.push(samples);
    if (resampled.length) {
      const buffer = context.createBuffer(1, resampled.length, context.sampleRate);
      buffer.copyToChannel(resampled, 0);
      const source = new AudioBufferSourceNode(context, { buffer });
      source.connect(this.bus);
      // Half a frame early: a time that is rounded down would start one frame late.
      source.start(Math.max(0, (this.next - 0.01) / context.sampleRate));
      source.onended = () => this.sources.delete(source);
      this.sources.add(source);
      this.next += resampled.length;
    }
    const startMs = (this.frame / context.sampleRate) * 1000;
    this.frame += (samples.length / rate) * context.sampleRate;
    return { startMs, durationMs: (samples.length / rate) * 1000 };
  }

  /**
   * Stops at once, and forgets what was to come.
   *
   * @returns {number} where the sound ends on the clock, in ms
   */
  stop() {
    if (!this.context) return 0;
    const now = this.context.currentTime;
    // A short fade: cut sound clicks.
    this.bus.gain.setTargetAtTime(0, now, FADE_S / 3);
    for (const source of this.sources) source.stop(now + FADE_S);
    this.sources.clear();
    this.bus = this.newBus();
    this.frame = 0;
    return now * 1000;
  }

  /** @returns {number} how much is scheduled and not heard yet, in ms */
  get aheadMs() {
    if (!this.context) return 0;
    return Math.max(0, (this.frame / this.context.sampleRate) * 1000 - this.heardMs);
  }

  /** @returns {number} how long the device takes from the clock to the ear, in ms */
  get latencyMs() {
    return ((this.context?.outputLatency || this.context?.baseLatency) ?? 0) * 1000;
  }

  /** @returns {number} what is heard right now, in ms of the clock */
  get heardMs() {
    const { context } = this;
    if (!context) return 0;
    let heard = context.currentTime - this.latencyMs / 1000;
    const stamp = context.getOutputTimestamp?.();
    if (stamp?.performanceTime > 0) {
      // `currentTime` moves in steps of a buffer; a time stamp runs on by the computer's clock.
      const running = stamp.contextTime + (performance.now() - stamp.performanceTime) / 1000;
      heard = Math.min(running, context.currentTime);
    }
    // Never back: a mouth that twitches backwards is seen.
    this.heardS = Math.max(this.heardS, heard);
    return this.heardS * 1000;
  }

  newBus() {
    const bus = new GainNode(this.context);
    bus.connect(this.context.destination);
    return bus;
  }
}
