/** The microphone, for SDKs that want audio and record none. */

/**
 * Starts to listen.
 *
 * @param {number} sampleRate What the provider wants, in Hz.
 * @param {(pcm: ArrayBuffer) => void} onAudio Gets PCM16 (mono, little-endian), 40 ms at a time.
 * @returns {Promise<() => Promise<void>>} Ends it.
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
    // What is still on its way from the audio thread would come after the socket has closed.
    capture.port.onmessage = null;
    for (const track of stream.getTracks()) track.stop();
    await context.close();
  };
}
