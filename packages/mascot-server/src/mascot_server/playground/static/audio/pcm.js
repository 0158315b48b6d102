/** Samples as they travel from the microphone: PCM16 in base64. */

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
