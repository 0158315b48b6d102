/** Gemini Live: the SDK's session with a base URL. mascot-web plays the sound, microphone.js records. */

import { GoogleGenAI, Modality } from "@google/genai";
import { fromGemini } from "mascot-web";

import { listen } from "./microphone.js";

const MICROPHONE_RATE = 16000;

export async function connect({ api_key: apiKey, base_url: baseUrl, model }, { onAudio, onEnd }) {
  const { player, timeline, callbacks } = fromGemini({ shapes: "sapi", leadMs: 30 });
  let stopListening = null;
  const ai = new GoogleGenAI({ apiKey, httpOptions: { baseUrl } });
  const session = await ai.live.connect({
    model,
    config: { responseModalities: [Modality.AUDIO] },
    callbacks: {
      onmessage: (message) => {
        callbacks.onmessage(message);
        if (message.mascotVisemes) onAudio();
      },
      onclose: async ({ code, reason }) => {
        onEnd(code, reason);
        await stopListening?.();
        await player.close();
      },
    },
  });

  return {
    timeline,
    say: (text) => session.sendRealtimeInput({ text }),
    listen: async (on) => {
      await stopListening?.();
      const mimeType = `audio/pcm;rate=${MICROPHONE_RATE}`;
      stopListening = on
        ? await listen(MICROPHONE_RATE, (pcm) =>
            session.sendRealtimeInput({ audio: { data: encode(pcm), mimeType } }),
          )
        : null;
    },
    hangUp: async () => {
      await stopListening?.();
      stopListening = null;
      session.close();
    },
  };
}

function encode(pcm) {
  return btoa(String.fromCharCode(...new Uint8Array(pcm)));
}
