/**
 * What the providers' protocols have in common, as the rest of the page sees it.
 *
 * A protocol does no I/O: it turns a message that came into what happened, and what is wanted into messages
 * to send.
 *
 * @typedef {import("../mascot-web/index.js").Payload} Payload
 * @typedef {{turn: string, base64: string, format: import("../mascot-web/index.js").AudioFormat, payload: Payload | null,
 *   words: {offsetMs: number, text: string}[]}} Sound
 *   one message's audio, with the visemes and the words that came with it
 * @typedef {{kind: "ready"} | {kind: "audio", sound: Sound} | {kind: "interrupted"}
 *   | {kind: "said", who: "agent" | "user", text: string, ahead?: boolean, piece?: boolean}
 *   | {kind: "send", message: object} | {kind: "done"} | {kind: "failed", text: string}} Happening
 *   `said` by the agent is the next piece of its turn, `ahead` if the audio to it is still to come; by the
 *   user it is
 *   everything, or a `piece`; `done` says that a turn has come to its own end
 * @typedef {{
 *   inputRate: number,
 *   dial: (answer: object) => {url: string, protocols: string[]},
 *   opening: () => object[],
 *   receive: (message: object) => Happening[],
 *   text: (text: string) => object[],
 *   hear: (base64: string) => object,
 *   cutOff: (turn: string, heardMs: number) => object[],
 * }} Protocol
 *   `opening` is sent first; `hear` sends what the microphone heard; `cutOff` tells the provider that the
 *   user has
 *   stopped a turn after hearing so much of it
 */

// A provider's protocol lies in its folder of the server, and is served here by its name.
const config = await fetch(new URL("../api/config", import.meta.url));
const PROTOCOLS = Object.fromEntries(
  await Promise.all(
    (await config.json()).providers.map(async ({ id }) => [id, (await import(`./${id}.js`)).default]),
  ),
);

/**
 * @param {{id: string, model: string | null}} provider as /playground/api/config lists it
 * @returns {Protocol}
 */
export function protocolOf(provider) {
  return PROTOCOLS[provider.id](provider);
}
