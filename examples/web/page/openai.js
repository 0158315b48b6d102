/** OpenAI Realtime: the SDK's session over a socket of ours; a player and a microphone of this page's. */

import { OpenAIRealtimeWebSocket, RealtimeAgent, RealtimeSession } from "@openai/agents-realtime";

import { listen } from "./microphone.js";
import { Player, decode } from "./player.js";

const SAMPLE_RATE = 24000;

export async function connect({ signed_url: signedUrl, model }, { onAudio, onEnd }) {
  const player = new Player();
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
  // Typed events lose what the SDK does not know; "*" has every event as it came.
  transport.on("*", (event) => {
    if (event.type !== "response.output_audio.delta") return;
    player.play(decode(event.delta), SAMPLE_RATE, event.mascotVisemes);
    onAudio();
  });

  const agent = new RealtimeAgent({ name: "Mascot", instructions: "Be friendly and short." });
  const session = new RealtimeSession(agent, { transport, model });
  session.on("audio_interrupted", () => player.interrupt());
  // What the provider says of a request that it does not like. The conversation goes on.
  session.on("error", ({ error }) => console.warn(JSON.stringify(error)));
  await session.connect({ apiKey: "in-the-signed-url" });

  return {
    lips: player.lips,
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
