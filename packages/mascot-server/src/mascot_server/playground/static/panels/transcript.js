/** What was said, with the agent's words lighting up as they are heard. */

export class Transcript {
  /**
   * @param {{list: HTMLElement, aloud: HTMLElement, caption: HTMLElement, panel: HTMLElement}} places
   *   `aloud` is what screen readers read out, one whole utterance at a time
   */
  constructor(places) {
    this.places = places;
    this.clear();
  }

  clear() {
    this.places.list.replaceChildren();
    this.places.caption.textContent = "";
    this.open = null;
  }

  /** @param {string} text what the user wrote */
  wrote(text) {
    this.close();
    this.spoke(text);
  }

  /** @param {string} text what the user said; it may be understood only when the agent is answering already */
  spoke(text) {
    const bubble = this.bubble("user", "You");
    bubble.append(text);
    if (this.open) this.open.bubble.closest("li").before(bubble.closest("li"));
    this.aloud(`You: ${text}`);
    this.scroll();
  }

  /** @param {string} text the next piece of what the user said */
  spokePiece(text) {
    const last = this.places.list.querySelector("li:last-child[data-pieces]");
    if (last) last.querySelector("p").append(text);
    else {
      this.spoke(text);
      if (!this.open) this.places.list.lastElementChild.dataset.pieces = "yes";
    }
  }

  /**
   * @param {{atMs: number, text: string}[]} words that the agent says, and when they are heard
   */
  agent(words) {
    this.open ??= { bubble: this.bubble("agent", "Agent"), words: [] };
    for (const { atMs, text } of words) {
      const span = document.createElement("span");
      span.textContent = text;
      this.open.bubble.append(span);
      this.open.words.push({ atMs, text, span });
    }
    this.scroll();
  }

  /** @param {number} nowMs what is heard */
  hear(nowMs) {
    if (!this.open) return;
    let heard = 0;
    for (const word of this.open.words) {
      if (word.atMs > nowMs) break;
      if (!word.heard) word.span.className = "heard";
      word.heard = true;
      heard += 1;
    }
    if (heard === this.open.shown) return;
    this.open.shown = heard;
    const said = this.open.words.slice(0, heard).map((word) => word.text).join("");
    // The caption holds what fits on a line or two.
    this.places.caption.textContent = said.length > 90 ? `…${said.slice(-88).replace(/^\S*/, "")}` : said;
  }

  /** @param {number} atMs where the user cut the agent off */
  cut(atMs) {
    if (!this.open) return;
    for (const word of this.open.words.filter((each) => each.atMs >= atMs)) word.span.remove();
    this.open.words = this.open.words.filter((word) => word.atMs < atMs);
    if (!this.open.words.length) this.open.bubble.closest("li").remove();
    else {
      const mark = document.createElement("span");
      mark.className = "mark";
      mark.textContent = "interrupted";
      this.open.bubble.append(mark);
    }
    this.close();
  }

  /** The agent's turn is over. */
  close() {
    if (!this.open) return;
    const text = this.open.words.map((word) => word.text).join("").trim();
    for (const { span } of this.open.words) span.className = "heard";
    if (text) this.aloud(`Agent: ${text}`);
    this.open = null;
    this.places.caption.textContent = "";
  }

  bubble(who, name) {
    const item = document.createElement("li");
    item.dataset.who = who;
    const label = document.createElement("span");
    label.className = "who";
    label.textContent = name;
    const text = document.createElement("p");
    item.append(label, text);
    this.places.list.append(item);
    return text;
  }

  aloud(text) {
    const line = document.createElement("p");
    line.textContent = text;
    this.places.aloud.append(line);
    while (this.places.aloud.childElementCount > 20) this.places.aloud.firstElementChild.remove();
  }

  scroll() {
    this.places.panel.scrollTop = this.places.panel.scrollHeight;
  }
}
