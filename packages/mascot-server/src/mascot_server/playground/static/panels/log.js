/** The raw events, as they go over the wire: filtered, shortened, without secrets. */

import { redacted } from "../redact.js";

const KEPT = 500;
// A microphone sends many events a second; they are shown a few times a second, together.
const EVERY_MS = 200;
const AUDIO = /audio(_chunk|\.delta|_buffer\.append)?$|realtimeInput\.audio|modelTurn/;

export class Log {
  /**
   * @param {{list: HTMLElement, count: HTMLElement, filter: HTMLInputElement, audio: HTMLInputElement,
   *   sent: HTMLInputElement, clear: HTMLButtonElement}} controls
   */
  constructor(controls) {
    this.controls = controls;
    this.started = performance.now();
    /** @type {Map<HTMLElement, object>} each line's message */
    this.messages = new Map();
    this.waiting = [];
    for (const control of [controls.filter, controls.audio, controls.sent]) {
      control.addEventListener("input", () => this.refilter());
    }
    controls.clear.addEventListener("click", () => {
      this.waiting = [];
      this.messages.clear();
      controls.list.replaceChildren();
      this.number();
    });
  }

  /**
   * @param {{direction: "in" | "out", message: object, bytes: number}} event
   */
  add(event) {
    if (!this.waiting.length) setTimeout(() => this.flush(), EVERY_MS);
    this.waiting.push({ ...event, atMs: performance.now() - this.started });
  }

  flush() {
    const { list } = this.controls;
    const follow = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    list.append(...this.waiting.slice(-KEPT).map((event) => this.line(event)));
    this.waiting = [];
    while (list.childElementCount > KEPT) {
      this.messages.delete(list.firstElementChild);
      list.firstElementChild.remove();
    }
    this.number();
    if (follow) list.scrollTop = list.scrollHeight;
  }

  line({ direction, message, bytes, atMs }) {
    const name = nameOf(message);
    const item = document.createElement("li");
    item.dataset.direction = direction;
    item.dataset.audio = AUDIO.test(name);
    const details = document.createElement("details");
    const summary = document.createElement("summary");
    summary.append(
      span("way", direction === "in" ? "←" : "→", direction === "in" ? "received" : "sent"),
      span("name", name),
      span("brief", briefOf(message)),
      span("size", sizeOf(bytes)),
      span("time", `${(atMs / 1000).toFixed(2)} s`),
    );
    details.append(summary);
    // Written only when somebody looks: hundreds of them come in a minute.
    details.addEventListener("toggle", () => {
      if (details.open && details.childElementCount === 1) {
        const pre = document.createElement("pre");
        pre.textContent = textOf(message);
        details.append(pre);
      }
    });
    item.append(details);
    this.messages.set(item, message);
    item.hidden = !this.shows(item);
    return item;
  }

  shows(item) {
    const { filter, audio, sent } = this.controls;
    if (item.dataset.audio === "true" && !audio.checked) return false;
    if (item.dataset.direction === "out" && !sent.checked) return false;
    const wanted = filter.value.trim().toLowerCase();
    if (!wanted) return true;
    const message = this.messages.get(item);
    return `${nameOf(message)} ${textOf(message)}`.toLowerCase().includes(wanted);
  }

  refilter() {
    for (const item of this.controls.list.children) item.hidden = !this.shows(item);
    this.number();
  }

  number() {
    const { list, count } = this.controls;
    count.textContent = String([...list.children].filter((item) => !item.hidden).length);
  }
}

function span(kind, text, spoken) {
  const element = document.createElement("span");
  element.className = kind;
  element.textContent = text;
  if (spoken) {
    element.setAttribute("role", "img");
    element.setAttribute("aria-label", spoken);
  }
  return element;
}

function sizeOf(bytes) {
  return bytes < 1000 ? `${bytes} B` : `${(bytes / 1000).toFixed(1)} kB`;
}

function textOf(message) {
  return JSON.stringify(redacted(message), null, 2);
}

/** A message's name: its type, or where the provider has none, the keys that tell what it is. */
function nameOf(message) {
  if (typeof message.type === "string") return message.type;
  const [outer] = Object.keys(message).filter((key) => key !== "usageMetadata" && key !== "mascotVisemes");
  const inner = Object.keys(message[outer] ?? {});
  const single = typeof message[outer] === "object" && inner.length === 1;
  return single ? `${outer}.${inner[0]}` : (outer ?? "empty");
}

/** The visemes in a message, which is what one looks for here. */
function briefOf(message) {
  const payload = message.mascotVisemes ?? (message.type === "visemes" ? message : null);
  if (!payload) return "";
  return payload.visemes.map(({ visemeId, offset }) => `${visemeId}@${offset}`).join(" ") || "no change";
}
