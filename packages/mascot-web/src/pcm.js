/** Samples as they travel: base64, PCM16, µ-law and A-law; and changing their rate. */

/**
 * @typedef {{encoding: "pcm16" | "ulaw" | "alaw", rate: number}} AudioFormat of mono audio; rate in Hz
 */

/**
 * Decodes base64.
 *
 * @param {string} text of either alphabet
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function fromBase64(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/**
 * Decodes audio.
 *
 * @param {Uint8Array} bytes
 * @param {AudioFormat} format
 * @returns {Float32Array<ArrayBuffer>} samples from -1 to 1
 */
export function decode(bytes, { encoding }) {
  if (encoding === "pcm16") {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Float32Array.from({ length: bytes.byteLength >> 1 }, (_, index) => view.getInt16(2 * index, true) / 32768);
  }
  const table = encoding === "ulaw" ? ULAW : ALAW;
  return Float32Array.from(bytes, (byte) => table[byte]);
}

// ITU-T G.711.
const ULAW = Float32Array.from({ length: 256 }, (_, byte) => {
  const bits = ~byte & 0xff;
  const magnitude = ((((bits & 0x0f) << 3) + 0x84) << ((bits & 0x70) >> 4)) - 0x84;
  return (bits & 0x80 ? -magnitude : magnitude) / 32768;
});

const ALAW = Float32Array.from({ length: 256 }, (_, byte) => {
  const bits = byte ^ 0x55;
  const exponent = (bits & 0x70) >> 4;
  const mantissa = ((bits & 0x0f) << 4) + 8;
  const magnitude = exponent ? (mantissa + 0x100) << (exponent - 1) : mantissa;
  return (bits & 0x80 ? magnitude : -magnitude) / 32768;
});

const LOBES = 12;

/**
 * Changes the rate of a stream by windowed-sinc interpolation, with no seam between the pieces it is given.
 *
 * Places between two samples are counted in whole numbers, so that they are the same however the stream is cut.
 * What it gives back trails what it took by half the filter (under 1 ms from 16 kHz up).
 */
export class Resampler {
  /**
   * @param {number} from Hz, a whole number
   * @param {number} to Hz, a whole number
   */
  constructor(from, to) {
    const common = divisor(from, to);
    this.step = from / common;
    this.places = to / common;
    // Going down, what the new rate cannot hold is filtered out.
    const cutoff = Math.min(1, to / from) * 0.95;
    this.half = Math.ceil(LOBES / cutoff);
    this.taps = kernel(this.half, cutoff, this.places);
    this.held = new Float32Array(this.half);
    this.whole = this.half;
    this.place = 0;
  }

  /**
   * @param {Float32Array<ArrayBuffer>} samples
   * @returns {Float32Array<ArrayBuffer>}
   */
  push(samples) {
    if (this.step === this.places) return samples;
    const { half, step, places, taps } = this;
    const input = new Float32Array(this.held.length + samples.length);
    input.set(this.held);
    input.set(samples, this.held.length);
    const room = (input.length - half - this.whole) * places - this.place;
    const output = new Float32Array(Math.max(0, Math.ceil(room / step)));
    for (let index = 0; index < output.length; index += 1) {
      const row = this.place * 2 * half;
      const first = this.whole - half + 1;
      let sum = 0;
      for (let tap = 0; tap < 2 * half; tap += 1) sum += input[first + tap] * taps[row + tap];
      output[index] = sum;
      this.place += step;
      this.whole += Math.floor(this.place / places);
      this.place %= places;
    }
    const passed = Math.min(input.length, Math.max(0, this.whole - half));
    this.held = input.slice(passed);
    this.whole -= passed;
    return output;
  }
}

/** @type {(a: number, b: number) => number} */
function divisor(a, b) {
  return b ? divisor(b, a % b) : a;
}

/**
 * One row of weights for each place between two samples; every row adds up to 1.
 *
 * @param {number} half
 * @param {number} cutoff
 * @param {number} places
 */
function kernel(half, cutoff, places) {
  const taps = new Float32Array(places * 2 * half);
  for (let place = 0; place < places; place += 1) {
    const row = taps.subarray(place * 2 * half, (place + 1) * 2 * half);
    let total = 0;
    for (let tap = 0; tap < row.length; tap += 1) {
      const x = tap - half + 1 - place / places;
      const angle = Math.PI * x * cutoff;
      const window = 0.5 + 0.5 * Math.cos((Math.PI * Math.max(-half, Math.min(half, x))) / half);
      row[tap] = (angle ? Math.sin(angle) / angle : 1) * window;
      total += row[tap];
    }
    for (let tap = 0; tap < row.length; tap += 1) row[tap] /= total;
  }
  return taps;
}
