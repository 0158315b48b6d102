/**
 * Mouth shapes from loudness alone, for audio that nobody described: the call goes on, and so does the mouth.
 */

const FRAME_S = 0.02;
// From a level in dBFS on: this viseme; below all of them the mouth is closed. As mascot-client has it.
const LADDER = [[-20, 2], [-30, 1], [-42, 4]];

/**
 * @param {Float32Array} samples -1 to 1
 * @param {number} rate in Hz
 * @returns {import("./timeline.js").Cue[]} changes, one at most every 20 ms
 */
export function loudnessCues(samples, rate) {
  const step = Math.max(1, Math.round(rate * FRAME_S));
  const cues = [];
  for (let start = 0; start < samples.length; start += step) {
    const visemeId = shape(samples.subarray(start, start + step));
    if (cues.at(-1)?.visemeId !== visemeId) cues.push({ offset: (start * 1000) / rate, visemeId });
  }
  return cues;
}

function shape(frame) {
  const power = frame.reduce((sum, sample) => sum + sample * sample, 0) / frame.length;
  const level = power ? 10 * Math.log10(power) : -Infinity;
  return LADDER.find(([from]) => level >= from)?.[1] ?? 0;
}
