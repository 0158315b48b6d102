/** Gemini Live: the SDK's session, its own base URL; a player and a microphone of this page's. */

import { GoogleGenAI, Modality } from "@google/genai";

import { listen } from "./microphone.js";
import { Player, decode } from "./player.js";

const MICROPHONE_RATE = 16000;

export async function connect({ api_key: apiKey, base_url: baseUrl, model }, { onAudio, onEnd }) {
  const player = new Player();
  let stopListening = null;
  const ai = new GoogleGenAI({ apiKey, httpOptions: { baseUrl } });
  const session = await ai.live.connect({
    model,
    config: { responseModalities: [Modality.AUDIO] },
    callbacks: {
      onmessage: (message) => {
        const content = message.serverContent;
        if (content?.interrupted) player.interrupt();
        // One payload a message, for all of its audio.
        let payload = message.mascotVisemes;
        for (const { inlineData } of content?.modelTurn?.parts ?? []) {
          if (!inlineData?.mimeType?.startsWith("audio/pcm")) continue;
          const [, rate = 24000] = inlineData.mimeType.match(/rate=(\d+)/) ?? [];
          player.play(decode(inlineData.data), Number(rate), payload);
          onAudio();
          payload = undefined;
        }
      },
      onclose: async ({ code, reason }) => {
        onEnd(code, reason);
        await stopListening?.();
        await player.close();
      },
    },
  });

  return {
    lips: player.lips,
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
