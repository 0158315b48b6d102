/** Samples as they travel: base64, PCM16, µ-law and A-law, to and from floats; and changing their rate. */

/**
 * @typedef {{encoding: "pcm16" | "ulaw" | "alaw", rate: number}} Format of audio on the wire; rate in Hz
 */

/**
 * @param {string} text base64, of either alphabet
 * @returns {Uint8Array}
 */
export function fromBase64(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function toBase64(bytes) {
  let binary = "";
  // String.fromCharCode takes its arguments on the stack, which is small.
  for (let start = 0; start < bytes.length; start += 4096) {
    binary += String.fromCharCode(...bytes.subarray(start, start + 4096));
  }
  return btoa(binary);
}

/**
 * @param {Uint8Array} bytes
 * @param {Format} format
 * @returns {Float32Array} samples from -1 to 1
 */
export function decode(bytes, { encoding }) {
  if (encoding === "pcm16") {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const samples = new Float32Array(bytes.byteLength >> 1);
    return samples.map((_, index) => view.getInt16(2 * index, true) / 32768);
  }
  const table = encoding === "ulaw" ? ULAW : ALAW;
  return Float32Array.from(bytes, (byte) => table[byte]);
}

/**
 * @param {Float32Array} samples from -1 to 1; louder ones are clipped
 * @returns {Uint8Array} PCM16, little-endian
 */
export function encodePcm16(samples) {
  const view = new DataView(new ArrayBuffer(2 * samples.length));
  samples.forEach((sample, index) => {
    view.setInt16(2 * index, Math.round(Math.max(-1, Math.min(1, sample)) * 32767), true);
  });
  return new Uint8Array(view.buffer);
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
    [this.step, this.places] = [from / common, to / common];
    // Going down, what the new rate cannot hold is filtered out.
    const cutoff = Math.min(1, to / from) * 0.95;
    this.half = Math.ceil(LOBES / cutoff);
    this.taps = kernel(this.half, cutoff, this.places);
    this.held = new Float32Array(this.half);
    this.whole = this.half;
    this.place = 0;
  }

  /**
   * @param {Float32Array} samples
   * @returns {Float32Array}
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

function divisor(a, b) {
  return b ? divisor(b, a % b) : a;
}

/** One row of weights for each place between two samples; every row adds up to 1. */
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
