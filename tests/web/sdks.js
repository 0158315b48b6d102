/** Sessions of the official SDKs, as a page makes them. */

import { PipecatClient, Transport } from "@pipecat-ai/client-js";
import { Room } from "livekit-client";
import { fromLiveKit, fromOpenAI, fromPipecat } from "mascot-web";
import OpenAI from "openai";
import { OpenAIRealtimeWebSocket } from "openai/realtime/websocket";

const later = (timeline, ms) => timeline.now("oculus", timeline.positionMs + ms);
const message = (visemes) => ({ type: "mascot-visemes", shapes: "oculus", destination: null, interrupted: false, visemes });

/** A transport that hands over what it is given. */
class HandTransport extends Transport {
  state = "ready";
  initialize(options, take) { this.take = take; }
  async initDevices() {}
}

globalThis.pipecat = () => {
  const transport = new HandTransport();
  const { timeline } = fromPipecat(new PipecatClient({ transport }), { delayMs: 0 });
  transport.take({ id: "1", label: "rtvi-ai", type: "server-message", data: message([{ viseme: "aa", offset: 40 }]) });
  return [later(timeline, 20), later(timeline, 60)];
};

globalThis.livekit = () => {
  const room = new Room();
  const { timeline, close } = fromLiveKit(room, { participant: "ada", delayMs: 0 });
  const send = (identity, viseme) => {
    const bytes = new TextEncoder().encode(JSON.stringify(message([{ viseme, offset: 40 }])));
    room.emit("dataReceived", bytes, { identity }, 0, "mascot.visemes");
  };
  send("bo", "PP");
  send("ada", "aa");
  const shown = [later(timeline, 20), later(timeline, 60)];
  close();
  send("ada", "ou");
  return [...shown, later(timeline, 120)];
};

globalThis.openai = async () => {
  const client = new OpenAI({ apiKey: "in-the-signed-url", baseURL: `${location.origin}/v1`, dangerouslyAllowBrowser: true });
  const session = new OpenAIRealtimeWebSocket({ model: "gpt-realtime-2.1", dangerouslyAllowBrowser: true }, client);
  const player = fromOpenAI(session, { shapes: "sapi" });
  const segments = [];
  while (player.timeline.segments.length < 2) await new Promise((over) => setTimeout(over, 20));
  for (const { startMs, endMs, cues } of player.timeline.segments) {
    segments.push({ ms: Math.round(endMs - startMs), visemes: cues.map(({ viseme }) => viseme) });
  }
  session.send({ type: "response.cancel" });
  while (player.timeline.endMs > player.heardMs + 1) await new Promise((over) => setTimeout(over, 20));
  await new Promise((over) => setTimeout(over, 300));
  return { segments, after: player.timeline.segments.length, now: player.timeline.now() };
};

globalThis.ready = true;
