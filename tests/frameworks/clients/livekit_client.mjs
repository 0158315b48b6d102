/** LiveKit Agents for Node.js: `RealtimeModel` with a signed URL, or a base URL and a key. */

import { readFileSync } from "node:fs";
import { initializeLogger } from "@livekit/agents";
import * as openai from "@livekit/agents-plugin-openai";

initializeLogger({ pretty: false, level: "warn" });
const model = new openai.realtime.RealtimeModel({
  baseURL: process.env.MASCOT_BASE_URL,
  apiKey: process.env.MASCOT_TOKEN,
});
const session = model.session();
let chunks = 0;
let failure = null;
session.on("openai_server_event_received", (event) => {
  chunks += "mascotVisemes" in event;
});
session.on("error", ({ error }) => {
  failure = error;
});

const late = setTimeout(() => {
  console.error("nothing came in time", failure);
  process.exit(1);
}, 60_000);
const generation = await session.generateReply("Say something.");
let heardMs = 0;
for await (const message of generation.messageStream) {
  for await (const frame of message.audioStream) heardMs += (frame.samplesPerChannel * 1000) / frame.sampleRate;
}
clearTimeout(late);
if (failure || !chunks) throw failure ?? new Error("no message with visemes");
const { version } = JSON.parse(readFileSync(`${process.env.MASCOT_PLUGIN}/package.json`, "utf8"));
console.log(
  `@livekit/agents-plugin-openai ${version}: heard ${Math.round(heardMs)} ms of audio, ` +
    `${chunks} messages with visemes, by ${process.env.MASCOT_HOW}`,
);
process.exit(0);
