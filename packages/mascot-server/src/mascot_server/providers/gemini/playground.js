/** Gemini Live: visemes are one more top-level key of the message with the audio. */

import { toBase64 } from "../audio/pcm.js";
import { fromBase64 } from "../mascot-web/index.js";

const PATH = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";
const INPUT_RATE = 16000;
const OUTPUT_RATE = 24000;

/**
 * @param {{model: string | null}} provider
 * @returns {import("./index.js").Protocol}
 */
export default function gemini({ model }) {
  let turn = 0;
  // There is no message that stops an answer; what still comes of one that was cut off is passed over.
  let muted = false;
  let cutShort = false;

  function receive(message) {
    const happened = [];
    if (message.setupComplete) happened.push({ kind: "ready" });
    const content = message.serverContent ?? {};
    if (content.inputTranscription?.text) {
      happened.push({ kind: "said", who: "user", text: content.inputTranscription.text, piece: true });
    }
    if (content.interrupted) happened.push({ kind: "interrupted" });
    const data = (content.modelTurn?.parts ?? []).map((part) => part.inlineData).filter(Boolean);
    if (data.length) {
      const rate = Number(/rate=(\d+)/.exec(data[0].mimeType)?.[1] ?? OUTPUT_RATE);
      const format = { encoding: "pcm16", rate };
      const payload = message.mascotVisemes ?? null;
      const sound = { turn: muted ? "" : String(turn), base64: joined(data), format, payload, words: [] };
      happened.push({ kind: "audio", sound });
    }
    if (content.outputTranscription?.text && !muted) {
      happened.push({ kind: "said", who: "agent", text: content.outputTranscription.text });
    }
    if (content.interrupted) cutShort = true;
    if (content.turnComplete) {
      if (!cutShort) happened.push({ kind: "done" });
      cutShort = false;
    }
    if (content.interrupted || content.turnComplete) {
      muted = false;
      turn += 1;
    }
    if (message.goAway) happened.push({ kind: "failed", text: "Gemini is about to end this session." });
    return happened;
  }

  return {
    inputRate: INPUT_RATE,
    dial: ({ api_key: key, base_url: base }) => ({
      url: `${base.replace(/^http/, "ws").replace(/\/$/, "")}${PATH}?key=${encodeURIComponent(key)}`,
      protocols: [],
    }),
    opening: () => [
      {
        setup: {
          model: `models/${model.replace(/^models\//, "")}`,
          generationConfig: { responseModalities: ["AUDIO"] },
          inputAudioTranscription: {},
          outputAudioTranscription: {},
        },
      },
    ],
    receive,
    text: (text) => [{ realtimeInput: { text } }],
    hear: (data) => ({ realtimeInput: { audio: { mimeType: `audio/pcm;rate=${INPUT_RATE}`, data } } }),
    cutOff() {
      muted = true;
      return [];
    },
  };
}

/** All parts of a message as one: the payload is for them together. */
function joined(parts) {
  if (parts.length === 1) return parts[0].data;
  const bytes = parts.map(({ data }) => fromBase64(data));
  const whole = new Uint8Array(bytes.reduce((sum, { length }) => sum + length, 0));
  bytes.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return toBase64(whole);
}
