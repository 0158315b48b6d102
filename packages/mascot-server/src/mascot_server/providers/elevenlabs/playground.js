/**
 * ElevenLabs Conversational AI: visemes come in a frame of their own, just before the audio that they
 * describe.
 */

import { alignedWords } from "./words.js";

const DEFAULT_FORMAT = "pcm_16000";

/** @returns {import("./index.js").Protocol} */
export default function elevenlabs() {
  let format = formatOf(DEFAULT_FORMAT);
  let payload = null;
  let interruptedAt = -1;
  let turn = 0;
  let answer = "";
  // Whether the answer was written down at once, because nothing told when which character is said.
  let ahead = false;
  // Times of characters count from the start of a stretch of speech: how much of it was sent, and the latest time.
  let stretchMs = 0;
  let latestMs = 0;
  // The protocol cannot be told to stop talking: what still comes of a turn that was cut off is passed over.
  let muted = false;

  function audio({ audio_event: { audio_base_64: base64, event_id: id, alignment } }) {
    const described = payload?.audio_event_id === id ? payload : null;
    payload = null;
    const dropped = muted || id <= interruptedAt;
    const happened = [];
    if (!dropped && answer) {
      ahead = !alignment;
      if (ahead) happened.push({ kind: "said", who: "agent", text: answer, ahead: true });
      answer = "";
    }
    const words = ahead ? [] : alignedWords(alignment, stretched(alignment));
    stretchMs += durationMs(base64, format);
    const sound = { turn: dropped ? "" : String(turn), base64, format, payload: described, words };
    return [...happened, { kind: "audio", sound }];
  }

  /** How much of the stretch was sent before this message. Where the times start anew, so does the stretch. */
  function stretched(alignment) {
    const [first] = alignment?.char_start_times_ms ?? [];
    if (first === undefined) return stretchMs;
    if (first < latestMs) stretchMs = 0;
    latestMs = first;
    return stretchMs;
  }

  const takes = {
    conversation_initiation_metadata({ conversation_initiation_metadata_event: event }) {
      format = formatOf(event.agent_output_audio_format ?? DEFAULT_FORMAT);
      return [{ kind: "ready" }];
    },
    ping: ({ ping_event: { event_id: id } }) => [{ kind: "send", message: { type: "pong", event_id: id } }],
    visemes(message) {
      payload = message;
      return [];
    },
    agent_response({ agent_response_event: event }) {
      muted = false;
      turn += 1;
      stretchMs = latestMs = 0;
      answer = event.agent_response;
      return [];
    },
    user_transcript({ user_transcription_event: event }) {
      muted = false;
      return [{ kind: "said", who: "user", text: event.user_transcript }];
    },
    interruption({ interruption_event: event }) {
      muted = false;
      interruptedAt = event.event_id;
      return [{ kind: "interrupted" }];
    },
    audio,
  };

  return {
    inputRate: 16000,
    dial: ({ signed_url: url }) => ({ url, protocols: ["convai"] }),
    opening: () => [{ type: "conversation_initiation_client_data" }],
    receive: (message) => takes[message.type]?.(message) ?? [],
    text: (text) => [{ type: "user_message", text }],
    hear: (base64) => ({ user_audio_chunk: base64 }),
    cutOff() {
      muted = true;
      return [];
    },
  };
}

function durationMs(base64, { encoding, rate }) {
  const padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0;
  const bytes = (base64.length * 3) / 4 - padding;
  return (bytes * 1000) / (rate * (encoding === "pcm16" ? 2 : 1));
}

function formatOf(name) {
  const [, encoding, rate] = /^(pcm|ulaw|alaw)_(\d+)$/.exec(name) ?? [];
  if (!encoding) throw new Error(`The agent speaks ${name}. Set its output to PCM or µ-law in ElevenLabs.`);
  return { encoding: encoding === "pcm" ? "pcm16" : encoding, rate: Number(rate) };
}
