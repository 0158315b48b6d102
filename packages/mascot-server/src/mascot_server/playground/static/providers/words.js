/** Words out of timed characters. */

/**
 * @param {{chars: string[], char_start_times_ms: number[]} | null | undefined} alignment as ElevenLabs sends
 *   it, with times from the start of a stretch of speech
 * @param {number} stretchMs how much of the stretch came before the message
 * @returns {{offsetMs: number, text: string}[]} words and parts of words, each with the space that follows it
 */
export function alignedWords(alignment, stretchMs = 0) {
  const words = [];
  alignment?.chars?.forEach((character, index) => {
    const last = words.at(-1);
    // A message may begin inside a word or with the space after one.
    if (last && (character === " " || !last.text.endsWith(" "))) last.text += character;
    // What comes late is said at once.
    else words.push({ offsetMs: Math.max(0, alignment.char_start_times_ms[index] - stretchMs), text: character });
  });
  return words;
}
