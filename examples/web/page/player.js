/** A loudspeaker for SDKs that hand out audio and play none, with lips that know what it plays. */

import { Lips } from "./lips.js";

/** Seconds from the arrival of audio to its sound when nothing is playing. */
const LEAD = 0.05;

export class Player {
  // A second audio clock would drift away from the sound: the lips go by the one that plays it.
  lips = new Lips(() => this.#context.currentTime - (this.#context.outputLatency ?? 0));

  #context = new AudioContext();
  #playing = new Set();
  #end = 0;

  /** Plays PCM16 (mono, little-endian) behind what is playing; `payload` are its visemes. After `close` it does nothing. */
  play(bytes, sampleRate, payload) {
    // Google's SDK reads messages asynchronously: the last ones come after its goodbye.
    if (this.#context.state === "closed") return;
    const pcm = new Int16Array(bytes.buffer, 0, bytes.byteLength >> 1);
    const buffer = this.#context.createBuffer(1, pcm.length, sampleRate);
    buffer.copyToChannel(Float32Array.from(pcm, (sample) => sample / 32768), 0);
    const start = Math.max(this.#context.currentTime + LEAD, this.#end);
    this.#end = start + buffer.duration;
    const source = this.#context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.#context.destination);
    source.onended = () => this.#playing.delete(source);
    source.start(start);
    this.#playing.add(source);
    this.lips.add(payload, start);
  }

  /** Stops at once. */
  interrupt() {
    for (const source of this.#playing) source.stop();
    this.#playing.clear();
    this.#end = 0;
    this.lips.clear();
  }

  async close() {
    this.interrupt();
    await this.#context.close();
  }
}

/** The bytes of base64. */
export function decode(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
