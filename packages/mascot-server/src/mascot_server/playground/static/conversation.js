/**
 * One conversation: the provider's socket, and what its messages do to the sound, the mouth and the
 * transcript.
 */

import { decode, fromBase64 } from "./mascot-web/index.js";
import { protocolOf } from "./providers/index.js";

/**
 * What a conversation tells the page, as events of these names; `detail` as given.
 *
 *   state  {state: "connecting" | "listening" | "thinking" | "closed", text?: string}
 *   message  {direction: "in" | "out", message: object, bytes: number}
 *   sound  {sound, samples: Float32Array}  in the order of arrival
 *   said  {who, text, ahead, piece}
 *   asked  {text}  what the user wrote
 *   interrupted  {}
 *   done  {}  a turn has come to its own end
 *   failed  {text}
 */
export class Conversation extends EventTarget {
  /**
   * @param {import("./api.js").Provider} provider
   * @param {object} answer of /playground/api/connect
   */
  constructor(provider, answer) {
    super();
    this.protocol = protocolOf(provider);
    const { url, protocols } = this.protocol.dial(answer);
    this.opened = false;
    this.ready = false;
    // Gemini's frames are binary; as Blobs they would be read out of order.
    this.socket = new WebSocket(url, protocols);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => {
      this.opened = true;
      this.send(...this.protocol.opening());
    };
    this.socket.onmessage = ({ data }) => this.take(data);
    this.socket.onclose = ({ code, reason }) => this.closed(code, reason);
  }

  /** @param {string} text what the user writes */
  write(text) {
    this.tell("asked", { text });
    this.send(...this.protocol.text(text));
    this.tell("state", { state: "thinking" });
  }

  /** @param {string} base64 60 ms of the microphone */
  hear(base64) {
    if (this.ready) this.send(this.protocol.hear(base64));
  }

  /**
   * Tells the provider that the user cut a turn off.
   *
   * @param {string} turn
   * @param {number} heardMs how much of it was heard
   */
  cutOff(turn, heardMs) {
    this.send(...this.protocol.cutOff(turn, heardMs));
  }

  close() {
    this.ending = true;
    this.socket.close(1000);
  }

  send(...messages) {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    for (const message of messages) {
      const text = JSON.stringify(message);
      this.socket.send(text);
      this.tell("message", { direction: "out", message, bytes: text.length });
    }
  }

  take(data) {
    const message = JSON.parse(typeof data === "string" ? data : new TextDecoder().decode(data));
    this.tell("message", { direction: "in", message, bytes: data.byteLength ?? data.length });
    try {
      for (const happening of this.protocol.receive(message)) this.happen(happening);
    } catch (error) {
      this.tell("failed", { text: error.message });
    }
  }

  /** @param {import("./providers/index.js").Happening} happening */
  happen({ kind, ...detail }) {
    if (kind === "ready") {
      this.ready = true;
      this.tell("state", { state: "listening" });
    } else if (kind === "send") {
      this.send(detail.message);
    } else if (kind === "audio") {
      const { sound } = detail;
      this.tell("sound", { sound, samples: decode(fromBase64(sound.base64), sound.format) });
    } else {
      this.tell(kind, detail);
    }
  }

  closed(code, reason) {
    const lost = this.opened
      ? `The connection was lost (${code}).`
      : "The server took no conversation: it may be too busy. Wait a moment, and try again.";
    const expected = this.ending || code === 1000;
    this.ready = false;
    this.tell("state", { state: "closed", text: expected ? undefined : reason || lost });
  }

  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
