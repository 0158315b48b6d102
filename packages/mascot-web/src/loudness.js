/** Visemes from loudness alone, for audio that has none: the call goes on, and so does the mouth. */

const FRAME_S = 0.02;
// From a level in dBFS on: this viseme; below all of them the mouth is closed. As in mascot-client.
const LADDER = [[-20, 2], [-30, 1], [-42, 4]];

/**
 * Returns a payload whose visemes follow the loudness, with one change at most every 20 ms.
 *
 * @param {Float32Array} samples -1 to 1
 * @param {number} rate in Hz
 * @returns {import("./contract.js").Payload}
 */
export function loudnessPayload(samples, rate) {
  const step = Math.max(1, Math.round(rate * FRAME_S));
  /** @type {{visemeId: number, offset: number}[]} */
  const visemes = [];
  for (let start = 0; start < samples.length; start += step) {
    const visemeId = shape(samples.subarray(start, start + step));
    if (visemes.at(-1)?.visemeId !== visemeId) visemes.push({ offset: (start * 1000) / rate, visemeId });
  }
  return { visemes, audio_duration: (samples.length * 1000) / rate };
}

/** @param {Float32Array} frame */
function shape(frame) {
  const power = frame.reduce((sum, sample) => sum + sample * sample, 0) / frame.length;
  const level = power ? 10 * Math.log10(power) : -Infinity;
  return LADDER.find(([from]) => level >= from)?.[1] ?? 0;
}
