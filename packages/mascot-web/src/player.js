/** Plays the audio of SDKs that have no playback, with visemes in time with it. */

import { loudnessPayload } from "./loudness.js";
import { Resampler, decode, fromBase64 } from "./pcm.js";
import { VisemeTimeline } from "./timeline.js";

// Audio starts this long after its arrival when nothing is playing, so that the first pieces are not late.
const LEAD_S = 0.06;
const FADE_S = 0.012;
const PATIENCE_MS = 1000;

/**
 * @typedef {import("./pcm.js").AudioFormat} AudioFormat
 * @typedef {string | ArrayBuffer | Uint8Array | Int16Array | Float32Array} Audio base64 or bytes in the given format,
 *   or samples
 * @typedef {Omit<import("./timeline.js").TimelineOptions, "clock"> & {context?: AudioContext, output?: AudioNode}}
 *   PlayerOptions `context`: by default it is created on first use. `output`: the node to play to; the default is the
 *   destination of the context. The other options are those of `VisemeTimeline`.
 */

/** Plays audio messages one after the other. Its timeline follows the audible audio; the output latency is included. */
export class MascotPlayer {
  #context;
  #output;
  /** @type {GainNode | null} */
  #bus = null;
  /** @type {Set<AudioBufferSourceNode>} */
  #sources = new Set();
  // Positions on the clock of the context, in samples: the end of the audio added, and the end of the audio scheduled.
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

  /** @returns {AudioContext} The audio context of the player. */
  get context() {
    return (this.#context ??= new AudioContext({ latencyHint: "interactive" }));
  }

  /**
   * Starts audio playback. Browsers allow it only after the user has clicked on the page.
   *
   * @returns {Promise<AudioContext>} The running audio context.
   * @throws {Error} The browser does not allow playback yet.
   */
  async open() {
    const { context } = this;
    // If playback is not allowed, the promise of resume() is never resolved.
    await Promise.race([context.resume(), new Promise((over) => setTimeout(over, PATIENCE_MS))]);
    if (context.state !== "running") {
      throw new Error("The browser does not allow audio yet: click anywhere on the page, and try again.");
    }
    return context;
  }

  /**
   * Adds the audio of one message to the end of the queue.
   *
   * @param {Audio} audio The audio.
   * @param {AudioFormat} format Its format. For `Int16Array` and `Float32Array` only the rate is used.
   * @param {unknown} [payload] Its visemes. Without a payload, the loudness of the audio moves the mouth.
   * @returns {import("./timeline.js").Segment | null} The segment on the timeline; null after `close`.
   */
  play(audio, format, payload) {
    // SDKs that read messages asynchronously can deliver messages after the end.
    if (this.context.state === "closed") return null;
    const samples = samplesOf(audio, format);
    const startMs = this.#schedule(samples, format.rate);
    const durationMs = (samples.length / format.rate) * 1000;
    const described = payload ? this.timeline.add({ audio_duration: durationMs, ...payload }, startMs) : null;
    return described ?? this.timeline.add(loudnessPayload(samples, format.rate), startMs);
  }

  /**
   * Stops playback immediately and drops the queued audio. The mouth closes.
   *
   * @returns {number} The end of the audio on the clock, in ms.
   */
  interrupt() {
    const now = this.#context?.currentTime ?? 0;
    // A short fade avoids a click.
    this.#bus?.gain.setTargetAtTime(0, now, FADE_S / 3);
    for (const source of this.#sources) source.stop(now + FADE_S);
    this.#sources.clear();
    this.#bus = null;
    this.#frame = 0;
    this.timeline.interrupt(now * 1000);
    return now * 1000;
  }

  /** Ends a speech. The mouth closes at the end of its audio. */
  finish() {
    this.timeline.finish();
  }

  /** Stops playback and closes the audio context. */
  async close() {
    this.interrupt();
    if (this.#context && this.#context.state !== "closed") await this.#context.close();
  }

  /** @returns {number} The output latency of the device, in ms. */
  get latencyMs() {
    const context = this.#context;
    return (context?.outputLatency || context?.baseLatency || 0) * 1000;
  }

  /** @returns {number} The audible position now, in ms on the clock of the context. */
  get heardMs() {
    const context = this.#context;
    if (!context) return 0;
    let heard = context.currentTime - this.latencyMs / 1000;
    const { contextTime, performanceTime = 0 } = context.getOutputTimestamp?.() ?? {};
    if (contextTime !== undefined && performanceTime > 0) {
      // `currentTime` advances in steps of one buffer; the time stamp allows a continuous position.
      heard = Math.min(contextTime + (performance.now() - performanceTime) / 1000, context.currentTime);
    }
    // The position never moves back, because viewers would see the mouth move back.
    this.#heardS = Math.max(this.#heardS, heard);
    return this.#heardS * 1000;
  }

  /**
   * @param {Float32Array<ArrayBuffer>} samples The samples.
   * @param {number} rate The sample rate in Hz.
   * @returns {number} The start of the samples on the clock, in ms.
   */
  #schedule(samples, rate) {
    const { context } = this;
    const earliest = Math.ceil((context.currentTime + LEAD_S) * context.sampleRate);
    const dry = this.#frame < earliest - LEAD_S * context.sampleRate;
    if (dry || rate !== this.#rate || !this.#resampler) {
      this.#frame = Math.max(dry ? earliest : 0, Math.ceil(this.#frame));
      this.#resampler = new Resampler(rate, context.sampleRate);
      this.#rate = rate;
      // The timeline counts samples of the audio; the playback counts samples of the context.
      this.#next = this.#frame;
    }
    const resampled = this.#resampler.push(samples);
    if (resampled.length) {
      const buffer = context.createBuffer(1, resampled.length, context.sampleRate);
      buffer.copyToChannel(resampled, 0);
      const source = new AudioBufferSourceNode(context, { buffer });
      source.connect(this.#bus ?? this.#newBus());
      // Slightly early, because a time that is rounded up would start one sample late.
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
