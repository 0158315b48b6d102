/** Decodes audio (base64, PCM16, µ-law and A-law) and converts its sample rate. */

/**
 * @typedef {{encoding: "pcm16" | "ulaw" | "alaw", rate: number}} AudioFormat the format of mono audio; the rate is in Hz
 */

/**
 * Decodes base64.
 *
 * @param {string} text Base64, in the standard or the URL-safe alphabet.
 * @returns {Uint8Array<ArrayBuffer>} The bytes.
 */
export function fromBase64(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/**
 * Returns the length of audio.
 *
 * @param {Uint8Array} bytes The audio.
 * @param {AudioFormat} format Its format.
 * @returns {number} The length in ms.
 */
export function durationMs(bytes, { encoding, rate }) {
  return ((encoding === "pcm16" ? bytes.length >> 1 : bytes.length) / rate) * 1000;
}

/**
 * Decodes audio.
 *
 * @param {Uint8Array} bytes The audio.
 * @param {AudioFormat} format Its format.
 * @returns {Float32Array<ArrayBuffer>} The samples, from -1 to 1.
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
 * Converts the sample rate of a stream with windowed-sinc interpolation, without discontinuities between chunks.
 *
 * Positions between two samples are whole numbers, so the result does not depend on how the stream is split. The output
 * is delayed by half the length of the filter (less than 1 ms for 16 kHz and more).
 */
export class Resampler {
  /**
   * @param {number} from The sample rate of the input in Hz, a whole number.
   * @param {number} to The sample rate of the output in Hz, a whole number.
   */
  constructor(from, to) {
    const common = divisor(from, to);
    this.step = from / common;
    this.places = to / common;
    // When the rate decreases, the filter removes frequencies that the new rate cannot represent.
    const cutoff = Math.min(1, to / from) * 0.95;
    this.half = Math.ceil(LOBES / cutoff);
    this.taps = kernel(this.half, cutoff, this.places);
    this.held = new Float32Array(this.half);
    this.whole = this.half;
    this.place = 0;
  }

  /**
   * Converts the next chunk.
   *
   * @param {Float32Array<ArrayBuffer>} samples The samples of the input.
   * @returns {Float32Array<ArrayBuffer>} The samples of the output.
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
 * Returns one row of filter weights for each position between two samples. Each row sums to 1.
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
