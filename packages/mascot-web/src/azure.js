/** Reads visemes in the form of Azure: events before the audio, with offsets from the start of the response. */

import { warn } from "./contract.js";
import { SHAPES } from "./shapes.js";

/**
 * @typedef {import("./contract.js").WireViseme} WireViseme
 * @typedef {{sentMs: number, waiting: WireViseme[]}} Response the length of the audio received, and the visemes of audio
 *   that has not been received
 */

/** The visemes of one connection whose configuration has `viseme_events: "azure"`. */
export class AzureVisemes {
  /** @type {Map<unknown, Response>} */
  #responses = new Map();
  #received = false;
  /** @type {{id: unknown, sentMs: number}} The latest response before the first event, which can arrive late. */
  #latest = { id: undefined, sentMs: 0 };

  /** @param {any} event A `response.animation_viseme.delta`. */
  add({ response_id: id, viseme_id: visemeId, audio_offset_ms: offset }) {
    this.#received = true;
    if (SHAPES.sapi.includes(visemeId) && Number.isFinite(offset)) this.#response(id).waiting.push({ visemeId, offset });
    else warn("a viseme event is not valid: viseme_id must be 0 to 21, audio_offset_ms a number");
  }

  /**
   * Returns the payload of the next audio of a response.
   *
   * @param {unknown} id The id of the response.
   * @param {number} durationMs The length of the audio in ms.
   * @returns {import("./contract.js").Payload | undefined} The payload; undefined if the connection has no viseme events.
   */
  payload(id, durationMs) {
    if (!this.#received) {
      this.#latest = { id, sentMs: this.#sentMs(id) + durationMs };
      return undefined;
    }
    const response = this.#response(id);
    const startMs = response.sentMs;
    response.sentMs += durationMs;
    /** @type {WireViseme[]} */
    const visemes = [];
    while (response.waiting.length && response.waiting[0].offset < response.sentMs) {
      const { visemeId, offset } = /** @type {WireViseme} */ (response.waiting.shift());
      // An event can be late or out of order.
      visemes.push({ visemeId, offset: Math.max(visemes.at(-1)?.offset ?? 0, offset - startMs) });
    }
    return { visemes, audio_duration: durationMs };
  }

  /** @param {unknown} id The id of a response that has ended. */
  end(id) {
    this.#responses.delete(id);
    if (this.#latest.id === id) this.#latest = { id: undefined, sentMs: 0 };
  }

  /**
   * @param {unknown} id
   * @returns {Response}
   */
  #response(id) {
    const response = this.#responses.get(id) ?? { sentMs: this.#sentMs(id), waiting: [] };
    this.#responses.set(id, response);
    return response;
  }

  /** @param {unknown} id */
  #sentMs(id) {
    return this.#latest.id === id ? this.#latest.sentMs : 0;
  }
}
