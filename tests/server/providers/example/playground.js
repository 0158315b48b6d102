/** The example: visemes are one more key of the messages with audio. It uses no microphone. */

/** @returns {import("./index.js").Protocol} */
export default function example() {
  let rate = 24000;
  let turn = 0;

  const takes = {
    ready: (message) => {
      rate = message.rate;
      return [{ kind: "ready" }];
    },
    text: ({ text }) => [{ kind: "said", who: "agent", text, ahead: true }],
    audio: ({ data, visemes }) => {
      const format = { encoding: "pcm16", rate };
      return [{ kind: "audio", sound: { turn: `${turn}`, base64: data, format, payload: visemes ?? null, words: [] } }];
    },
    stop: () => [{ kind: "interrupted" }],
    end: () => {
      turn += 1;
      return [{ kind: "done" }];
    },
  };

  return {
    inputRate: 24000,
    dial: ({ signed_url: url }) => ({ url, protocols: [] }),
    opening: () => [],
    receive: (message) => takes[message.type]?.(message) ?? [],
    text: (text) => [{ type: "say", text }],
    hear: () => ({ type: "stop" }),
    cutOff: () => [{ type: "stop" }],
  };
}
