/**
 * Words on the audio clock, out of what providers tell of them: timed characters, or text beside the audio.
 */

/** @typedef {{atMs: number, text: string}} Word with the space that follows it, if one does */

export class Words {
  constructor() {
    this.forget();
  }

  /** What was told and not placed yet belongs to audio that will not come. */
  forget() {
    this.ahead = "";
    this.last = null;
  }

  /** @param {string} text of audio that is still to come */
  expect(text) {
    this.ahead += text;
  }

  /**
   * Places what is said in one message's audio.
   *
   * @param {import("./mascot-web/index.js").Segment} segment
   * @param {{offsetMs: number, text: string}[]} timed words with their times, where the provider tells them
   * @param {string} text without times, beside what was expected
   * @returns {{words: Word[], grown: boolean}} new words, and whether the last one before them goes on
   */
  place(segment, timed, text = "") {
    const placed = timed.map(({ offsetMs, text: own }) => ({ atMs: segment.startMs + offsetMs, text: own }));
    placed.push(...spread(this.ahead + text, segment));
    this.ahead = "";
    let grown = false;
    // Messages are cut anywhere, inside words too.
    while (this.last && placed.length && goesOn(this.last.text, placed[0].text)) {
      this.last.text += placed.shift().text;
      grown = true;
    }
    this.last = placed.at(-1) ?? this.last;
    return { words: placed, grown };
  }
}

function goesOn(before, after) {
  return !/\s$/.test(before) && (/^\s*$/.test(after) || !/^\s/.test(after));
}

/** Shares out a message's time among its words by their length. */
function spread(text, { startMs, endMs }) {
  const parts = text.match(/\s*\S+\s*/g) ?? [];
  let before = 0;
  return parts.map((part) => {
    const atMs = startMs + ((endMs - startMs) * before) / text.length;
    before += part.length;
    return { atMs, text: part };
  });
}
