/** Gemini Live: visemes are one more top-level key of the message with the audio. */

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
    // The payload is for all parts together.
    data.forEach(({ data: base64, mimeType }, index) => {
      const rate = Number(/rate=(\d+)/.exec(mimeType)?.[1] ?? OUTPUT_RATE);
      const payload = message.mascotVisemes ? partOf(message.mascotVisemes, data, index, rate) : null;
      const format = { encoding: "pcm16", rate };
      const sound = { turn: muted ? "" : String(turn), base64, format, payload, words: [] };
      happened.push({ kind: "audio", sound });
    });
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

/** The share of a payload that falls on one of several parts. */
function partOf(payload, parts, index, rate) {
  const durations = parts.map(({ data }) => (bytesIn(data) * 1000) / (2 * rate));
  const startMs = durations.slice(0, index).reduce((sum, duration) => sum + duration, 0);
  const endMs = index === parts.length - 1 ? Infinity : startMs + durations[index];
  const visemes = payload.visemes
    .filter(({ offset }) => offset >= startMs && offset < endMs)
    .map(({ visemeId, offset }) => ({ visemeId, offset: offset - startMs }));
  return { visemes, audio_duration: durations[index] };
}

function bytesIn(base64) {
  return Math.floor((base64.replace(/=+$/, "").length * 3) / 4);
}
