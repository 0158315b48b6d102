/** The shape of the mouth, in time with the audio that is heard. */

/** Lips begin to move a little before the sound, as real ones do. Seconds. */
const AHEAD = 0.03;

export class Lips {
  /** How many changes of shape have come. */
  shapes = 0;

  #clock;
  #cues = []; // {at, viseme}, in the order of time
  #shown = 0;
  #told = 0;
  #end = 0;

  /** `clock()` says, in seconds, which moment of the audio is heard now. */
  constructor(clock) {
    this.#clock = clock;
  }

  /** When the audio received so far will have been heard. */
  get end() {
    return this.#end;
  }

  /**
   * Takes in the payload of one message of audio, which is heard from `start` on.
   * A message whose audio the server could not decode has none.
   */
  add(payload, start) {
    if (!payload) return;
    if (start > this.#end) {
      // Nothing is heard in between. The shape that was told last holds again when the sound goes on.
      this.#cues.push({ at: this.#end, viseme: 0 }, { at: start, viseme: this.#told });
    }
    for (const { visemeId, offset } of payload.visemes) {
      this.#cues.push({ at: start + offset / 1000, viseme: visemeId });
      this.#told = visemeId;
      this.shapes += 1;
    }
    this.#end = start + payload.audio_duration / 1000;
  }

  /** Drops what has not been heard: the user interrupts, and the audio is dropped too. */
  clear() {
    this.#cues = [];
    this.#shown = 0;
    this.#end = 0;
  }

  /** The viseme to show now, 0 to 21. */
  now() {
    const time = this.#clock() + AHEAD;
    while (this.#cues.length && this.#cues[0].at <= time) this.#shown = this.#cues.shift().viseme;
    return time < this.#end ? this.#shown : 0;
  }
}
