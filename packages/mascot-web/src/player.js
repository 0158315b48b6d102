/** A loudspeaker for SDKs that hand out audio and play none, with a mouth that follows what is heard. */

import { loudnessPayload } from "./loudness.js";
import { Resampler, decode, fromBase64 } from "./pcm.js";
import { VisemeTimeline } from "./timeline.js";

// How far ahead of the clock sound begins after a silence: less, and the first pieces could come late.
const LEAD_S = 0.06;
const FADE_S = 0.012;
const PATIENCE_MS = 1000;

/**
 * @typedef {import("./pcm.js").AudioFormat} AudioFormat
 * @typedef {string | ArrayBuffer | Uint8Array | Int16Array | Float32Array} Audio base64 or bytes in the given format, or
 *   samples
 * @typedef {Omit<import("./timeline.js").TimelineOptions, "clock"> & {context?: AudioContext, output?: AudioNode}}
 *   PlayerOptions `context` is made at first use by default; `output` is its loudspeaker by default. The others are those
 *   of `VisemeTimeline`
 */

/** Plays audio messages end to end. The clock of its timeline is what is heard: the output latency is counted. */
export class MascotPlayer {
  #context;
  #output;
  /** @type {GainNode | null} */
  #bus = null;
  /** @type {Set<AudioBufferSourceNode>} */
  #sources = new Set();
  // Positions on the clock of the context, in its samples: what has been taken, and what has been scheduled.
  #frame = 0;
  #next = 0;
  #rate = 0;
  #heardS = 0;
  /** @type {Resampler | null} */
  #resampler = null;

  /** @param {PlayerOptions} [options] */
  constructor({ context, output, ...options } = {}) {
    /** @type {AudioContext | undefined} */
    this.#context = context ?? /** @type {AudioContext | undefined} */ (output?.context);
    this.#output = output;
    this.timeline = new VisemeTimeline({ ...options, clock: () => this.heardMs });
  }

  /** @returns {AudioContext} the one that plays */
  get context() {
    return (this.#context ??= new AudioContext({ latencyHint: "interactive" }));
  }

  /**
   * Starts the sound. Browsers allow it only after the user has clicked on the page.
   *
   * @returns {Promise<AudioContext>}
   * @throws {Error} the browser does not allow it yet
   */
  async open() {
    const { context } = this;
    // Where it is not allowed, this promise stays open.
    await Promise.race([context.resume(), new Promise((over) => setTimeout(over, PATIENCE_MS))]);
    if (context.state !== "running") {
      throw new Error("The browser plays no sound yet: click anywhere on the page, and try again.");
    }
    return context;
  }

  /**
   * Plays the audio of one message behind what is playing.
   *
   * @param {Audio} audio
   * @param {AudioFormat} format with `Int16Array` and `Float32Array` only its rate counts
   * @param {unknown} [payload] its visemes; without them the mouth follows the loudness
   * @returns {import("./timeline.js").Segment | null} where it is on the clock; null after `close`
   */
  play(audio, format, payload) {
    // SDKs that read messages asynchronously hand out some after their end.
    if (this.context.state === "closed") return null;
    const samples = samplesOf(audio, format);
    const startMs = this.#schedule(samples, format.rate);
    const durationMs = (samples.length / format.rate) * 1000;
    const described = payload ? this.timeline.add({ audio_duration: durationMs, ...payload }, startMs) : null;
    return described ?? this.timeline.add(loudnessPayload(samples, format.rate), startMs);
  }

  /**
   * Stops at once, and drops what was to come. The mouth closes.
   *
   * @returns {number} where the sound ends on the clock, in ms
   */
  interrupt() {
    const now = this.#context?.currentTime ?? 0;
    // A short fade: cut sound clicks.
    this.#bus?.gain.setTargetAtTime(0, now, FADE_S / 3);
    for (const source of this.#sources) source.stop(now + FADE_S);
    this.#sources.clear();
    this.#bus = null;
    this.#frame = 0;
    this.timeline.interrupt(now * 1000);
    return now * 1000;
  }

  /** Ends a speech: the mouth closes where its sound ends. */
  finish() {
    this.timeline.finish();
  }

  /** Stops, and gives the loudspeaker back. */
  async close() {
    this.interrupt();
    if (this.#context && this.#context.state !== "closed") await this.#context.close();
  }

  /** @returns {number} how long the device takes from the clock to the ear, in ms */
  get latencyMs() {
    const context = this.#context;
    return (context?.outputLatency || context?.baseLatency || 0) * 1000;
  }

  /** @returns {number} what is heard right now, in ms of the context's clock */
  get heardMs() {
    const context = this.#context;
    if (!context) return 0;
    let heard = context.currentTime - this.latencyMs / 1000;
    const { contextTime, performanceTime = 0 } = context.getOutputTimestamp?.() ?? {};
    if (contextTime !== undefined && performanceTime > 0) {
      // `currentTime` moves in steps of a buffer; a time stamp runs on by the computer's clock.
      heard = Math.min(contextTime + (performance.now() - performanceTime) / 1000, context.currentTime);
    }
    // Never back: a mouth that twitches backwards is seen.
    this.#heardS = Math.max(this.#heardS, heard);
    return this.#heardS * 1000;
  }

  /**
   * @param {Float32Array<ArrayBuffer>} samples
   * @param {number} rate in Hz
   * @returns {number} where they start on the clock, in ms
   */
  #schedule(samples, rate) {
    const { context } = this;
    const earliest = Math.ceil((context.currentTime + LEAD_S) * context.sampleRate);
    const dry = this.#frame < earliest - LEAD_S * context.sampleRate;
    if (dry || rate !== this.#rate || !this.#resampler) {
      this.#frame = Math.max(dry ? earliest : 0, Math.ceil(this.#frame));
      this.#resampler = new Resampler(rate, context.sampleRate);
      this.#rate = rate;
      // The timeline counts in the audio's own samples; what is played counts in the context's.
      this.#next = this.#frame;
    }
    const resampled = this.#resampler.push(samples);
    if (resampled.length) {
      const buffer = context.createBuffer(1, resampled.length, context.sampleRate);
      buffer.copyToChannel(resampled, 0);
      const source = new AudioBufferSourceNode(context, { buffer });
      source.connect(this.#bus ?? this.#newBus());
      // Half a frame early: a time that is rounded down would start one frame late.
      source.start(Math.max(0, (this.#next - 0.01) / context.sampleRate));
      source.onended = () => this.#sources.delete(source);
      this.#sources.add(source);
      this.#next += resampled.length;
    }
    const startMs = (this.#frame / context.sampleRate) * 1000;
    this.#frame += (samples.length / rate) * context.sampleRate;
    return startMs;
  }

  #newBus() {
    this.#bus = new GainNode(this.context);
    this.#bus.connect(this.#output ?? this.context.destination);
    return this.#bus;
  }
}

/**
 * @param {Audio} audio
 * @param {AudioFormat} format
 * @returns {Float32Array<ArrayBuffer>}
 */
function samplesOf(audio, format) {
  if (audio instanceof Float32Array) return new Float32Array(audio);
  if (audio instanceof Int16Array) return Float32Array.from(audio, (sample) => sample / 32768);
  if (typeof audio === "string") return decode(fromBase64(audio), format);
  return decode(audio instanceof ArrayBuffer ? new Uint8Array(audio) : audio, format);
}
