/** The microphone, as PCM16 of the rate that the provider listens at. */

import { Resampler } from "../mascot-web/index.js";
import { encodePcm16, toBase64 } from "./pcm.js";

/** Why there is no microphone, or null where one can be asked for. */
export function microphoneMissing() {
  return navigator.mediaDevices && globalThis.AudioWorkletNode
    ? null
    : "The browser gives a microphone only to pages on this computer or over https.";
}

/**
 * Opens the microphone.
 *
 * @param {AudioContext} context
 * @param {number} rate Hz that the provider listens at
 * @param {(base64: string, level: number) => void} hear called every 60 ms; level is the root mean square, 0
 *   to 1
 * @returns {Promise<() => void>} what closes it again
 */
export async function openMicrophone(context, rate, hear) {
  const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };
  const stream = await navigator.mediaDevices.getUserMedia({ audio });
  await context.audioWorklet.addModule(new URL("./capture-worklet.js", import.meta.url));
  const source = new MediaStreamAudioSourceNode(context, { mediaStream: stream });
  const node = new AudioWorkletNode(context, "capture", { numberOfOutputs: 0, channelCount: 1 });
  const resampler = new Resampler(context.sampleRate, rate);
  node.port.onmessage = ({ data }) => {
    const level = Math.sqrt(data.reduce((sum, sample) => sum + sample * sample, 0) / data.length);
    hear(toBase64(encodePcm16(resampler.push(data))), level);
  };
  source.connect(node);
  return () => {
    source.disconnect();
    node.port.onmessage = null;
    for (const track of stream.getTracks()) track.stop();
  };
}
