/** What was said, with the agent's words lighting up as they are heard. */

// As many characters as a subtitle holds.
const LINE = 46;

/** @typedef {{atMs: number, text: string}} Word and when it is heard; its text may still grow */

export class Transcript {
  /**
   * @param {{list: HTMLElement, aloud: HTMLElement, caption: HTMLElement, panel: HTMLElement}} places
   *   `aloud` is what screen readers read out, one whole utterance at a time
   */
  constructor(places) {
    this.places = places;
    /**
     * @type {{bubble: HTMLElement, words: {word: Word, span: HTMLElement, line: number}[], shown: number} |
     * null}
     */
    this.open = null;
  }

  /** @param {string} text what the user wrote */
  wrote(text) {
    this.close();
    this.spoke(text);
  }

  /**
   * @param {string} text what the user said; it may be understood only when the agent is answering already
   */
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

  /** @param {Word[]} words that the agent says next */
  agent(words) {
    this.open ??= { bubble: this.bubble("agent", "Agent"), words: [], shown: 0 };
    for (const word of words) {
      const span = document.createElement("span");
      span.textContent = word.text;
      this.open.bubble.append(span);
      this.open.words.push({ word, span, line: this.lineOf(word) });
    }
    this.scroll();
  }

  /** The last word's text has grown. */
  grown() {
    const last = this.open?.words.at(-1);
    if (last) last.span.textContent = last.word.text;
  }

  /** @param {number} nowMs what is heard */
  hear(nowMs) {
    if (!this.open) return;
    const { words, shown } = this.open;
    let heard = shown;
    while (heard < words.length && words[heard].word.atMs <= nowMs) {
      words[heard].span.className = "heard";
      heard += 1;
    }
    if (heard === shown) return;
    this.open.shown = heard;
    const { line } = words[heard - 1];
    const own = words.filter((each) => each.line === line);
    this.places.caption.replaceChildren(...own.map(({ span }) => span.cloneNode(true)));
  }

  /** @param {number} atMs where the user cut the agent off */
  cut(atMs) {
    if (!this.open) return;
    for (const { word, span } of this.open.words) if (word.atMs >= atMs) span.remove();
    this.open.words = this.open.words.filter(({ word }) => word.atMs < atMs);
    const mark = document.createElement("span");
    mark.className = "mark";
    mark.textContent = "interrupted";
    if (this.open.words.length) this.open.bubble.append(mark);
    else this.open.bubble.closest("li").remove();
    this.close();
  }

  /** The agent's turn is over. */
  close() {
    if (!this.open) return;
    const text = this.open.words.map(({ word }) => word.text).join("").trim();
    for (const { span } of this.open.words) span.className = "heard";
    if (text) this.aloud(`Agent: ${text}`);
    this.open = null;
    this.places.caption.replaceChildren();
  }

  /** The line of subtitles that the next word goes on: a new one after a sentence, and where it is full. */
  lineOf(word) {
    const last = this.open.words.at(-1);
    if (!last) return 0;
    const own = this.open.words.filter(({ line }) => line === last.line);
    const length = own.reduce((sum, each) => sum + each.word.text.length, word.text.length);
    const ended = /[.!?]\s*$/.test(last.word.text);
    return last.line + Number(ended || length > LINE);
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
