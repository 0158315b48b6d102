/** Connects to the official SDKs of providers and of voice-agent frameworks. */

import { AzureVisemes } from "./azure.js";
import { warn } from "./contract.js";
import { durationMs, fromBase64 } from "./pcm.js";
import { MascotPlayer } from "./player.js";
import { VisemeTimeline } from "./timeline.js";

/**
 * @typedef {import("./player.js").PlayerOptions} PlayerOptions
 * @typedef {import("./timeline.js").TimelineOptions} TimelineOptions
 * @typedef {import("./pcm.js").AudioFormat} AudioFormat
 * @typedef {{on: (name: any, take: (...values: any[]) => void) => unknown}} Emitter
 */

const MESSAGE_TYPE = "mascot-visemes";
const TOPIC = "mascot.visemes";
// The usual delay of WebRTC's jitter buffer and the transport's buffer together.
const WEBRTC_DELAY_MS = 150;
// The ElevenLabs SDK starts playback this long after a message arrives.
const ELEVENLABS_LEAD_MS = 50;
// The sample rates in Hz that a message can have.
const LOWEST_RATE = 8000;
const HIGHEST_RATE = 48000;
const GEMINI_RATE = 24000;

const OPENAI_AUDIO = new Set(["response.output_audio.delta", "response.audio.delta", "session.output_audio.delta"]);
/** @type {AudioFormat} */
const OPENAI_FORMAT = { encoding: "pcm16", rate: 24000 };
/** @type {Map<unknown, AudioFormat>} */
const OPENAI_FORMATS = new Map([
  ["audio/pcmu", { encoding: "ulaw", rate: 8000 }],
  ["audio/pcma", { encoding: "alaw", rate: 8000 }],
]);

/**
 * Plays an OpenAI Realtime session that is connected through a mascot server, over a WebSocket. It reads visemes of audio
 * events and viseme events in the form of Azure (`viseme_events: "azure"`).
 *
 * @param {Emitter & {transport?: unknown}} session A `RealtimeSession` of @openai/agents-realtime, or an
 *   `OpenAIRealtimeWebSocket` of openai.
 * @param {PlayerOptions} [options] The options of the player.
 * @returns {MascotPlayer} The player; its timeline has the visemes.
 */
export function fromOpenAI(session, options) {
  const player = new MascotPlayer(options);
  let format = OPENAI_FORMAT;
  let interruptible = true;
  /** @type {string | undefined} */
  let speaking;
  /** @type {Map<string, AudioFormat>} */
  const formats = new Map();
  const cut = new Set();
  const azure = new AzureVisemes();

  function interrupt() {
    // GPT-Live has no ids: nothing shows which audio belongs to what was interrupted.
    if (speaking !== undefined) cut.add(speaking);
    player.interrupt();
  }

  /** @param {any} event */
  function take(event) {
    const { type, session: settings, response, response_id: id } = event ?? {};
    if (type === "session.created" || type === "session.updated") {
      format = openAIFormat(settings?.audio?.output?.format, format);
      interruptible = settings?.audio?.input?.turn_detection?.interrupt_response ?? true;
    } else if (type === "response.created") {
      formats.set(response?.id, openAIFormat(response?.audio?.output?.format, format));
    } else if (type === "response.done") {
      formats.delete(response?.id);
      cut.delete(response?.id);
      azure.end(response?.id);
    } else if (type === "response.animation_viseme.delta") {
      azure.add(event);
    } else if (OPENAI_AUDIO.has(type)) {
      const audio = bytesOf(event.delta);
      if (!audio) return;
      speaking = id;
      // The rest of an interrupted response can still arrive; it must not be played.
      const described = formats.get(id) ?? format;
      const payload = event.mascotVisemes ?? azure.payload(id, durationMs(audio, described));
      if (cut.has(id)) player.timeline.skip(payload);
      else player.play(audio, described, payload);
    } else if (type === "input_audio_buffer.speech_started" && interruptible && !session.transport) interrupt();
  }

  if (session.transport) {
    /** @type {Emitter} */ (session.transport).on("*", take);
    session.on("audio_interrupted", interrupt);
  } else {
    session.on("event", take);
  }
  return player;
}

/**
 * @param {{type: string, rate?: number} | undefined} stated
 * @param {AudioFormat} otherwise
 * @returns {AudioFormat}
 */
function openAIFormat(stated, otherwise) {
  if (!stated) return otherwise;
  const { type, rate } = stated;
  return OPENAI_FORMATS.get(type) ?? { encoding: "pcm16", rate: isRate(rate) ? rate : OPENAI_FORMAT.rate };
}

/**
 * @param {unknown} rate
 * @returns {rate is number} Whether audio can have this sample rate in Hz.
 */
function isRate(rate) {
  return Number.isInteger(rate) && Number(rate) >= LOWEST_RATE && Number(rate) <= HIGHEST_RATE;
}

/**
 * @param {unknown} text Base64, or what a message has in its place.
 * @returns {Uint8Array<ArrayBuffer> | null} The bytes; null, after a warning, if the text is not base64.
 */
function bytesOf(text) {
  try {
    return fromBase64(/** @type {string} */ (text));
  } catch {
    warn("the audio of a message is not valid: it must be base64");
    return null;
  }
}

/**
 * Plays a Gemini Live session that is connected through a mascot server.
 *
 * @param {PlayerOptions} [options] The options of the player.
 * @returns {{player: MascotPlayer, timeline: VisemeTimeline, callbacks: {onmessage: (message: any) => void},
 *   close: () => Promise<void>}} Pass `callbacks` to `ai.live.connect` of @google/genai.
 */
export function fromGemini(options) {
  const player = new MascotPlayer(options);

  /** @param {any} message */
  function onmessage(message) {
    const { serverContent: content, mascotVisemes: payload } = message ?? {};
    if (content?.interrupted) player.interrupt();
    const parts = partsOf(content?.modelTurn?.parts);
    if (!parts.length) return;
    // There is one payload for the audio of all parts, which have the same sample rate.
    const whole = new Uint8Array(parts.reduce((sum, { bytes }) => sum + bytes.length, 0));
    let at = 0;
    for (const { bytes } of parts) {
      whole.set(bytes, at);
      at += bytes.length;
    }
    player.play(whole, { encoding: "pcm16", rate: parts[0].rate }, payload);
  }

  return { player, timeline: player.timeline, callbacks: { onmessage }, close: () => player.close() };
}

/**
 * @param {unknown} parts The parts of a turn of Gemini.
 * @returns {{bytes: Uint8Array, rate: number}[]} Their audio; none, after a warning, if some of it is not valid, because the
 *   visemes of a message are for all of its audio.
 */
function partsOf(parts) {
  const audio = [];
  for (const part of Array.isArray(parts) ? parts : []) {
    const { mimeType, data } = part?.inlineData ?? {};
    if (typeof mimeType !== "string" || !mimeType.startsWith("audio/pcm")) continue;
    const rate = Number(/rate=(\d+)/.exec(mimeType)?.[1] ?? GEMINI_RATE);
    if (!isRate(rate)) warn(`the audio of a message is not valid: its rate must be ${LOWEST_RATE} to ${HIGHEST_RATE} Hz`);
    const bytes = isRate(rate) ? bytesOf(data) : null;
    if (!bytes) return [];
    audio.push({ bytes, rate });
  }
  return audio;
}

/**
 * Follows an ElevenLabs conversation that is connected through a mascot server. The ElevenLabs SDK plays the audio and
 * does not report its position. The timeline assumes that audio starts 50 ms after its arrival and has no gaps.
 *
 * @param {Omit<TimelineOptions, "clock">} [options] The options of the timeline.
 * @returns {{timeline: VisemeTimeline, callbacks: {onIncomingEvent: (event: any) => void, onInterruption: () => void},
 *   close: () => void}} Pass `callbacks` to `Conversation.startSession` of @elevenlabs/client.
 */
export function fromElevenLabs(options) {
  const timeline = new VisemeTimeline(options);
  const onInterruption = () => timeline.interrupt();
  /** @param {any} event */
  const onIncomingEvent = (event) => {
    if (event?.type !== "visemes") return;
    const earliest = performance.now() + ELEVENLABS_LEAD_MS;
    // The end is not known after a message without its duration.
    timeline.add(event, timeline.endMs === Infinity ? earliest : Math.max(earliest, timeline.endMs));
  };
  return { timeline, callbacks: { onIncomingEvent, onInterruption }, close: onInterruption };
}

/**
 * Follows a Pipecat agent that has the processors of pipecat-mascot in its pipeline.
 *
 * @param {Emitter & {off: Function}} client A `PipecatClient` of @pipecat-ai/client-js.
 * @param {Omit<TimelineOptions, "clock"> & {destination?: string | null}} [options] `destination`: the
 *   `transport_destination` to follow; by default all. `delayMs`: the default is 150.
 * @returns {{timeline: VisemeTimeline, close: () => void}} The timeline; `close` stops following.
 */
export function fromPipecat(client, { destination, ...options } = {}) {
  const timeline = new VisemeTimeline({ delayMs: WEBRTC_DELAY_MS, ...options });
  /** @param {any} data */
  const take = (data) => {
    if (data?.type === MESSAGE_TYPE && (destination === undefined || data.destination === destination)) {
      show(timeline, data);
    }
  };
  client.on("serverMessage", take);
  return { timeline, close: () => client.off("serverMessage", take) };
}

/**
 * Follows a LiveKit agent whose audio output is wrapped by livekit-plugins-mascot.
 *
 * @param {Emitter & {off: Function}} room A `Room` of livekit-client.
 * @param {Omit<TimelineOptions, "clock"> & {participant?: string | {identity: string}, trackId?: string}} [options]
 *   `participant`: the agent, or its identity; by default all participants. `trackId`: the audio track of the voice; by
 *   default all tracks. `delayMs`: the default is 150.
 * @returns {{timeline: VisemeTimeline, close: () => void}} The timeline; `close` stops following.
 */
export function fromLiveKit(room, { participant, trackId, ...options } = {}) {
  const timeline = new VisemeTimeline({ delayMs: WEBRTC_DELAY_MS, ...options });
  const identity = typeof participant === "object" ? participant.identity : participant;
  /** @type {(bytes: Uint8Array, sender: any, kind: unknown, topic?: string) => void} */
  const take = (bytes, sender, kind, topic) => {
    if (topic !== TOPIC || (identity !== undefined && sender?.identity !== identity)) return;
    const data = parsed(bytes);
    if (data?.type === MESSAGE_TYPE && (trackId === undefined || data.trackId === trackId)) show(timeline, data);
  };
  room.on("dataReceived", take);
  return { timeline, close: () => room.off("dataReceived", take) };
}

/**
 * @param {VisemeTimeline} timeline
 * @param {any} data
 */
function show(timeline, data) {
  if (data.interrupted) timeline.interrupt();
  else timeline.add(data, performance.now());
}

/**
 * @param {Uint8Array} bytes
 * @returns {any} The parsed JSON; null if the bytes are not JSON.
 */
function parsed(bytes) {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
