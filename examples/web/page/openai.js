/** OpenAI Realtime: the SDK's session over our own WebSocket. mascot-web plays the sound, microphone.js records. */

import { OpenAIRealtimeWebSocket, RealtimeAgent, RealtimeSession } from "@openai/agents-realtime";
import { fromOpenAI } from "mascot-web";

import { listen } from "./microphone.js";

const SAMPLE_RATE = 24000;

export async function connect({ signed_url: signedUrl, model }, { onAudio, onEnd }) {
  let stopListening = null;
  const transport = new OpenAIRealtimeWebSocket({
    // The signed URL contains the key. The SDK requires one too, and would warn that this one is not ephemeral.
    useInsecureApiKey: true,
    createWebSocket: async () => {
      const socket = new WebSocket(signedUrl);
      socket.addEventListener("close", async ({ code, reason }) => {
        onEnd(code, reason);
        await stopListening?.();
        await player.close();
      });
      return socket;
    },
  });
  transport.on("audio", onAudio);

  const agent = new RealtimeAgent({ name: "Mascot", instructions: "Be friendly and short." });
  const session = new RealtimeSession(agent, { transport, model });
  const player = fromOpenAI(session, { shapes: "sapi", leadMs: 30 });
  // The provider reports an invalid request. The conversation continues.
  session.on("error", ({ error }) => console.warn(JSON.stringify(error)));
  await session.connect({ apiKey: "in-the-signed-url" });

  return {
    timeline: player.timeline,
    say: (text) => session.sendMessage(text),
    listen: async (on) => {
      await stopListening?.();
      stopListening = on ? await listen(SAMPLE_RATE, (pcm) => session.sendAudio(pcm)) : null;
    },
    hangUp: async () => {
      await stopListening?.();
      stopListening = null;
      session.close();
    },
  };
}
