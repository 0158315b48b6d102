/** Words out of timed characters. */

/**
 * @param {{chars: string[], char_start_times_ms: number[]} | null | undefined} alignment as ElevenLabs sends
 *   it
 * @returns {{offsetMs: number, text: string}[]} words and parts of words, each with the space that follows it
 */
export function alignedWords(alignment) {
  const words = [];
  alignment?.chars?.forEach((character, index) => {
    const last = words.at(-1);
    // A message may begin inside a word or with the space after one.
    if (last && (character === " " || !last.text.endsWith(" "))) last.text += character;
    else words.push({ offsetMs: alignment.char_start_times_ms[index], text: character });
  });
  return words;
}
