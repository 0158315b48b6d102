/** What is said, in all its forms: heard, seen on the timeline, and written down. */

import { peaksOf } from "./panels/strip.js";
import { Words } from "./words.js";

export class Speech {
  /**
   * @param {{voice: import("./voice.js").Voice, strip: import("./panels/strip.js").Strip,
   *   transcript: import("./panels/transcript.js").Transcript}} parts
   */
  constructor({ voice, strip, transcript }) {
    Object.assign(this, { voice, strip, transcript });
    this.words = new Words();
  }

  /**
   * Takes one message's audio.
   *
   * @param {import("./providers/index.js").Sound} sound
   * @param {Float32Array} samples its audio
   * @returns {number | null} how long before they are heard its visemes are here, in ms; null if nobody hears
   *   them
   */
  sound(sound, samples) {
    if (!sound.turn) {
      if (sound.payload) this.voice.timeline.skip(sound.payload);
      return null;
    }
    if (sound.turn !== this.voice.turn.id) {
      this.transcript.close();
      this.words.last = null;
    }
    const segment = this.play(sound.turn, samples, sound.format.rate, sound.payload);
    this.write(this.words.place(segment, sound.words));
    return segment.startMs - this.voice.heardMs;
  }

  /**
   * Takes what the agent says in writing.
   *
   * @param {string} text
   * @param {boolean} ahead whether the audio to it is still to come
   */
  said(text, ahead) {
    const last = this.strip.pieces.at(-1);
    if (ahead || !last) this.words.expect(text);
    else this.write(this.words.place(last.segment, [], text));
  }

  /**
   * Plays a whole recording.
   *
   * @param {string} name
   * @param {AudioBuffer} audio
   * @param {import("./mascot-web/index.js").Payload} payload
   */
  recording(name, audio, payload) {
    this.transcript.wrote(`${name}: ${audio.duration.toFixed(1)} s, ${payload.visemes.length} visemes`);
    // The conversation and the recording know nothing of each other.
    this.voice.player.finish();
    // A browser decodes it to some samples less.
    const visemes = payload.visemes.filter(({ offset }) => offset < audio.duration * 1000);
    const turn = `recording ${performance.now()}`;
    this.play(turn, audio.getChannelData(0), audio.sampleRate, { ...payload, visemes });
    this.voice.player.finish();
  }

  /**
   * Stops: sound, mouth, and what was to come.
   *
   * @returns {ReturnType<import("./voice.js").Voice["stop"]>}
   */
  stop() {
    this.words.forget();
    const stopped = this.voice.stop();
    if (!stopped) return null;
    this.strip.cut(stopped.atMs);
    this.transcript.cut(stopped.atMs);
    return stopped;
  }

  play(turn, samples, rate, payload) {
    const segment = this.voice.say(turn, samples, rate, payload);
    this.strip.add({ segment, peaks: peaksOf(samples, rate), words: [] });
    return segment;
  }

  write({ words, grown }) {
    if (grown) this.transcript.grown();
    this.strip.pieces.at(-1).words.push(...words);
    if (words.length) this.transcript.agent(words);
  }
}
