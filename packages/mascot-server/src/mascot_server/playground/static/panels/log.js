/** The raw events, as they go over the wire: filtered, shortened, without secrets. */

import { redacted } from "../redact.js";

const KEPT = 500;

export class Log {
  /**
   * @param {{list: HTMLElement, count: HTMLElement, filter: HTMLInputElement, audio: HTMLInputElement,
   *   sent: HTMLInputElement, clear: HTMLButtonElement}} controls
   */
  constructor(controls) {
    this.controls = controls;
    this.started = performance.now();
    for (const control of [controls.filter, controls.audio, controls.sent]) {
      control.addEventListener("input", () => this.refilter());
    }
    controls.clear.addEventListener("click", () => {
      controls.list.replaceChildren();
      this.number();
    });
  }

  /**
   * @param {{direction: "in" | "out", message: object, bytes: number}} event
   */
  add({ direction, message, bytes }) {
    const { list } = this.controls;
    const follow = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    const name = nameOf(message);
    const text = JSON.stringify(redacted(message), null, 2);
    const item = document.createElement("li");
    item.dataset.direction = direction;
    item.dataset.audio = /audio(_chunk|\.delta|_buffer\.append)?$|realtimeInput\.audio|modelTurn/.test(name);
    item.dataset.text = `${name} ${text}`.toLowerCase();
    const details = document.createElement("details");
    const summary = document.createElement("summary");
    summary.append(
      span("way", direction === "in" ? "←" : "→", direction === "in" ? "received" : "sent"),
      span("name", name),
      span("brief", briefOf(message)),
      span("size", sizeOf(bytes)),
      span("time", `${((performance.now() - this.started) / 1000).toFixed(2)} s`),
    );
    details.append(summary);
    // Written only when somebody looks: hundreds of them come in a minute.
    details.addEventListener("toggle", () => {
      if (details.open && details.childElementCount === 1) {
        const pre = document.createElement("pre");
        pre.textContent = text;
        details.append(pre);
      }
    });
    item.append(details);
    item.hidden = !this.shows(item);
    list.append(item);
    while (list.childElementCount > KEPT) list.firstElementChild.remove();
    this.number();
    if (follow) list.scrollTop = list.scrollHeight;
  }

  shows(item) {
    const { filter, audio, sent } = this.controls;
    if (item.dataset.audio === "true" && !audio.checked) return false;
    if (item.dataset.direction === "out" && !sent.checked) return false;
    return item.dataset.text.includes(filter.value.trim().toLowerCase());
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
