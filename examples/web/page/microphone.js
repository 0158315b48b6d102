/** The microphone, for SDKs that do not record. */

/**
 * Starts to record.
 *
 * @param {number} sampleRate The sample rate that the provider requires, in Hz.
 * @param {(pcm: ArrayBuffer) => void} onAudio Called with PCM16 (mono, little-endian), 40 ms at a time.
 * @returns {Promise<() => Promise<void>>} A function that stops the recording.
 */
export async function listen(sampleRate, onAudio) {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { echoCancellation: true, noiseSuppression: true, channelCount: 1 },
  });
  const context = new AudioContext({ sampleRate });
  await context.audioWorklet.addModule(new URL("./capture.js", import.meta.url));
  const capture = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0 });
  capture.port.onmessage = ({ data }) => onAudio(data);
  context.createMediaStreamSource(stream).connect(capture);
  return async () => {
    // Audio that the audio thread still sends would arrive after the socket has closed.
    capture.port.onmessage = null;
    for (const track of stream.getTracks()) track.stop();
    await context.close();
  };
}
