// From visemes to the number inputs of a Rive state machine. No dependency: Rive comes in by the function `set` alone.
//
//   const bridge = new Bridge(rigs.oculus, riveInputs(rive, "State Machine 1"));
//   bridge.add(event.mascotVisemes);        // each payload of the conversation, as it arrives
//   bridge.show(positionMs);                // in each animation frame: milliseconds of audio heard so far
//   bridge.interrupt(positionMs);           // when the user interrupts

/**
 * What a rig's inputs are at one moment.
 *
 * @param {Array<[number, number]>} track milliseconds and the SAPI viseme from then on, sorted
 * @param {number} timeMs the moment
 * @param {object} rig one of rigs.json
 * @param {number} blendMs how long a rig that blends takes from one shape to the next, centred on the change
 * @returns {Object<string, number>} a value for each input
 */
export function valuesAt(track, timeMs, rig, blendMs = 80) {
  if (rig.kind === "index") {
    let viseme = 0;
    for (const [start, shape] of track) {
      if (Math.floor(start) > timeMs) break;
      viseme = shape;
    }
    return { [rig.input]: rig.values[viseme] };
  }
  const shares = Object.fromEntries(rig.values.map((name) => [name, 0]));
  const [first, end] = [timeMs - blendMs / 2, timeMs + blendMs / 2];
  let [start, viseme] = [-Infinity, 0];
  for (const [until, next] of [...track, [Infinity, 0]]) {
    shares[rig.values[viseme]] += Math.max(Math.min(until, end) - Math.max(start, first), 0) / blendMs;
    [start, viseme] = [until, next];
  }
  return Object.fromEntries(Object.entries(shares).map(([name, share]) => [name, Math.floor(100 * share + 0.5)]));
}

/** Moves a rig with the audio that is heard. */
export class Bridge {
  #rig;
  #set;
  #blendMs;
  #track = [];
  #endMs = 0;
  #shown = {};

  /**
   * @param {object} rig one of rigs.json
   * @param {(input: string, value: number) => void} set sets an input
   * @param {{blendMs?: number}} options see valuesAt
   */
  constructor(rig, set, { blendMs = 80 } = {}) {
    this.#rig = rig;
    this.#set = set;
    this.#blendMs = blendMs;
  }

  /** Takes a payload: the member `mascotVisemes` of OpenAI's and Gemini's messages, a message of type `visemes` of ElevenLabs. */
  add({ visemes, audio_duration: durationMs }) {
    for (const { visemeId, offset } of visemes) this.#track.push([this.#endMs + offset, visemeId]);
    this.#endMs += durationMs;
  }

  /** Takes the events of a whole recording: `[{time_ms, viseme}, …]`. */
  addRecording(events) {
    for (const { time_ms: timeMs, viseme } of events) this.#track.push([timeMs, viseme]);
    this.#endMs = Math.max(this.#endMs, this.#track.at(-1)?.[0] ?? 0);
  }

  /** Sets the inputs that change; the mouth is closed when the audio has run out. */
  show(positionMs) {
    const values = valuesAt([...this.#near(positionMs), [this.#endMs, 0]], positionMs, this.#rig, this.#blendMs);
    for (const [input, value] of Object.entries(values)) {
      if (this.#shown[input] !== value) this.#set(input, value);
    }
    this.#shown = values;
  }

  /** Forgets what was not heard; the next payload begins here. */
  interrupt(positionMs) {
    this.#track = this.#track.filter(([start]) => start < positionMs);
    this.#endMs = Math.min(this.#endMs, positionMs);
  }

  // What a frame needs of a conversation that may have lasted for hours.
  #near(positionMs) {
    let first = this.#track.length;
    while (first > 0 && this.#track[first - 1][0] > positionMs - this.#blendMs) first -= 1;
    return this.#track.slice(Math.max(first - 1, 0));
  }
}

/**
 * Sets numbers of a Rive instance: inputs of its state machine, or number properties of the view model that is bound to
 * it, which are Rive's successor to inputs. Names that it has neither for are left out.
 *
 * @param {object} rive a `Rive` of @rive-app/canvas or its siblings, loaded
 * @param {string} stateMachine the name of the state machine
 * @returns {(input: string, value: number) => void}
 */
export function riveInputs(rive, stateMachine) {
  const found = new Map((rive.stateMachineInputs(stateMachine) ?? []).map((input) => [input.name, input]));
  return (name, value) => {
    if (!found.has(name)) found.set(name, rive.viewModelInstance?.number(name) ?? {});
    found.get(name).value = value;
  };
}
