// A turn of the official SDK for JavaScript: `node - ANSWER OPTIONS` prints how much audio came, and where visemes were.

import { GoogleGenAI, Modality } from "@google/genai";

const [{ api_key: apiKey, base_url: baseUrl }, options] = process.argv.slice(2).map((text) => JSON.parse(text));
const ai = new GoogleGenAI({ ...options, apiKey, httpOptions: { baseUrl } });

const seen = { bytes: 0, milliseconds: 0, inMetadata: 0, inMessage: 0 };
const complete = new Promise((resolve, reject) => {
  const connecting = ai.live.connect({
    model: "gemini-live",
    config: { responseModalities: [Modality.AUDIO] },
    callbacks: {
      onmessage: (message) => {
        for (const { inlineData, partMetadata } of message.serverContent?.modelTurn?.parts ?? []) {
          seen.bytes += Buffer.from(inlineData.data, "base64").length;
          const payload = partMetadata?.mascotVisemes ?? message.mascotVisemes;
          seen.milliseconds += payload?.audio_duration ?? 0;
          seen.inMetadata += partMetadata?.mascotVisemes ? 1 : 0;
          seen.inMessage += message.mascotVisemes ? 1 : 0;
        }
        if (message.serverContent?.turnComplete) resolve();
      },
      onclose: ({ code, reason }) => reject(new Error(`closed with ${code} ${reason}`)),
      onerror: reject,
    },
  });
  connecting.then((session) => session.sendRealtimeInput({ text: "Hello" }), reject);
});
await complete;
console.log(JSON.stringify(seen));
process.exit(0);
