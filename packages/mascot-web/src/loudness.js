/** Estimates visemes from the loudness, for audio without visemes. */

const FRAME_S = 0.02;
// The minimum level in dBFS of each viseme. Below all levels the mouth is closed. The values are those of mascot-client.
const LADDER = [[-20, 2], [-30, 1], [-42, 4]];

/**
 * Returns a payload whose visemes follow the loudness, with at least 20 ms between two events.
 *
 * @param {Float32Array} samples The samples, from -1 to 1.
 * @param {number} rate The sample rate in Hz.
 * @returns {import("./contract.js").Payload} The payload.
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
