/** OpenAI Realtime: the SDK's session over a socket of ours; a player, and a microphone of this page's. */

import { OpenAIRealtimeWebSocket, RealtimeAgent, RealtimeSession } from "@openai/agents-realtime";
import { fromOpenAI } from "mascot-web";

import { listen } from "./microphone.js";

const SAMPLE_RATE = 24000;

export async function connect({ signed_url: signedUrl, model }, { onAudio, onEnd }) {
  let stopListening = null;
  const transport = new OpenAIRealtimeWebSocket({
    // The key is in the signed URL, sealed. The SDK wants one all the same, and would warn that it is not ephemeral.
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
  // What the provider says of a request that it does not like. The conversation goes on.
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
