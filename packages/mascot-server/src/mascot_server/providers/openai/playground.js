/** OpenAI Realtime: visemes are one more key of the audio event. */

const PCM_RATE = 24000;
const TELEPHONE_RATE = 8000;
const TRANSCRIBER = "gpt-4o-mini-transcribe";
const ENCODINGS = { "audio/pcm": "pcm16", "audio/pcmu": "ulaw", "audio/pcma": "alaw" };

/** @returns {import("./index.js").Protocol} */
export default function openai() {
  const formats = new Map();
  let sessionFormat = formatOf(undefined);
  let active = null;
  let item = null;
  const cut = new Set();

  const takes = {
    "session.created": ({ session }) => {
      sessionFormat = formatOf(session.audio?.output?.format);
      return [{ kind: "ready" }];
    },
    "session.updated": ({ session }) => {
      sessionFormat = formatOf(session.audio?.output?.format);
      return [];
    },
    "response.created": ({ response }) => {
      active = response.id;
      formats.set(response.id, formatOf(response.audio?.output?.format, sessionFormat));
      return [];
    },
    "response.output_audio.delta": (event) => {
      item = { id: event.item_id, contentIndex: event.content_index };
      const turn = cut.has(event.response_id) ? "" : event.response_id;
      const format = formats.get(event.response_id) ?? sessionFormat;
      const sound = { turn, base64: event.delta, format, payload: event.mascotVisemes ?? null, words: [] };
      return [{ kind: "audio", sound }];
    },
    "response.output_audio_transcript.delta": (event) =>
      cut.has(event.response_id) ? [] : [{ kind: "said", who: "agent", text: event.delta, ahead: true }],
    "conversation.item.input_audio_transcription.completed": ({ transcript }) => [
      { kind: "said", who: "user", text: transcript },
    ],
    "input_audio_buffer.speech_started": () => {
      // The server cancels the response itself.
      if (active) cut.add(active);
      active = null;
      return [{ kind: "interrupted" }];
    },
    "response.done": ({ response }) => {
      if (response.id === active) active = null;
      if (response.status === "failed") {
        return [{ kind: "failed", text: response.status_details?.error?.message ?? "The response failed." }];
      }
      return response.status === "cancelled" ? [] : [{ kind: "done" }];
    },
    // A response may end by itself while its cancellation is on the way.
    error: ({ error }) =>
      error.code === "response_cancel_not_active" ? [] : [{ kind: "failed", text: error.message }],
  };

  /** What ends the response under way, if there is one: there can be only one. */
  function cancelled() {
    if (!active) return [];
    cut.add(active);
    active = null;
    return [{ type: "response.cancel" }];
  }

  return {
    inputRate: PCM_RATE,
    dial: ({ signed_url: url }) => ({ url, protocols: ["realtime"] }),
    // What the user says is written down only if asked for.
    opening: () => [
      {
        type: "session.update",
        session: { type: "realtime", audio: { input: { transcription: { model: TRANSCRIBER } } } },
      },
    ],
    receive: (message) => takes[message.type]?.(message) ?? [],
    text: (text) => [
      ...cancelled(),
      {
        type: "conversation.item.create",
        item: { type: "message", role: "user", content: [{ type: "input_text", text }] },
      },
      { type: "response.create" },
    ],
    hear: (base64) => ({ type: "input_audio_buffer.append", audio: base64 }),
    cutOff(turn, heardMs) {
      const messages = active === turn ? cancelled() : [];
      // The model then knows what was heard of its answer, and does not take the rest for said.
      messages.push({
        type: "conversation.item.truncate",
        item_id: item.id,
        content_index: item.contentIndex,
        audio_end_ms: Math.floor(heardMs),
      });
      return messages;
    },
  };
}

function formatOf(format, otherwise = { encoding: "pcm16", rate: PCM_RATE }) {
  if (!format) return otherwise;
  const encoding = ENCODINGS[format.type] ?? "pcm16";
  return { encoding, rate: encoding === "pcm16" ? (format.rate ?? PCM_RATE) : TELEPHONE_RATE };
}
