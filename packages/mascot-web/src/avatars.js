/** Moves avatars of other libraries. */

import { SHAPES, convert } from "./shapes.js";

/**
 * @typedef {import("./timeline.js").VisemeTimeline} VisemeTimeline
 * @typedef {{show: (timeline: VisemeTimeline) => void}} Avatar `show` sets the mouth to what is heard now
 * @typedef {{name?: string, value?: unknown}} RiveInput
 */

// The names of three shapes are others than those of `oculus`.
/** @type {Record<string, string>} */
const TALKING_HEAD_NAMES = { ih: "I", oh: "O", ou: "U" };
/** @type {(viseme: string) => string} */
const talkingHeadName = (viseme) => TALKING_HEAD_NAMES[viseme] ?? viseme;
// How far TalkingHead's own lip sync goes.
const FULL = 0.6;
const FULL_CLOSED = 0.9;
// TalkingHead opens the mouth two thirds of a duration before the viseme.
const LONGEST_MS = 90;

/**
 * Shows an avatar's mouth in every animation frame.
 *
 * @param {VisemeTimeline} timeline
 * @param {Avatar} avatar
 * @returns {() => void} ends it
 */
export function animate(timeline, avatar) {
  let request = requestAnimationFrame(function frame() {
    avatar.show(timeline);
    request = requestAnimationFrame(frame);
  });
  return () => cancelAnimationFrame(request);
}

/**
 * Moves an avatar of @met4citizen/talkinghead. Play the sound into its own audio graph, so that its volume and reverb
 * apply: `{ output: head.audioAnalyzerNode }`.
 *
 * @param {{mtAvatar: Record<string, object>}} head `TalkingHead`
 * @returns {Avatar & {release: () => void}} `release` gives the mouth back to TalkingHead's own lip sync
 */
export function talkingHead(head) {
  /** @type {(value: (name: string) => number | null) => void} */
  const set = (value) => {
    for (const name of SHAPES.oculus) {
      const target = head.mtAvatar[`viseme_${talkingHeadName(name)}`];
      if (target) Object.assign(target, { realtime: value(name), needsUpdate: true });
    }
  };
  return {
    show(timeline) {
      const weights = timeline.weights("oculus");
      set((name) => weights[name] * (name === "PP" || name === "FF" ? FULL_CLOSED : FULL));
    },
    release: () => set(() => null),
  };
}

/**
 * Returns visemes as TalkingHead's `speakAudio` and `streamAudio` take them, for apps that let it play the sound. Durations
 * are at most 90 ms, because it opens the mouth two thirds of a duration early.
 *
 * @param {VisemeTimeline} timeline
 * @param {number} startMs where the utterance starts on the timeline; times count from there
 * @returns {{visemes: string[], vtimes: number[], vdurations: number[]}} times and durations in ms
 */
export function talkingHeadVisemes(timeline, startMs) {
  const events = timeline.events(startMs);
  return {
    visemes: events.map(({ viseme }) => talkingHeadName(String(convert(viseme, timeline.shapes, "oculus")))),
    vtimes: events.map((event) => event.startMs - startMs),
    vdurations: events.map(({ durationMs }) => Math.min(durationMs, LONGEST_MS)),
  };
}

/**
 * Moves a VRM model of @pixiv/three-vrm, by its five mouth expressions. Call `vrm.update(delta)` as ever.
 *
 * @param {{expressionManager?: {setValue: (name: string, weight: number) => void}}} vrm `VRM`
 * @returns {Avatar}
 */
export function vrm({ expressionManager }) {
  return {
    show(timeline) {
      const { sil, ...weights } = timeline.weights("vrm");
      for (const [name, weight] of Object.entries(weights)) expressionManager?.setValue(name, weight);
    },
  };
}

/**
 * Moves a Rive character by number inputs: one input that takes the number of the viseme, or an input from 0 to 100 for
 * each Oculus viseme, by its name. Inputs with other names are left alone.
 *
 * @param {RiveInput[] | Record<string, RiveInput>} inputs `rive.stateMachineInputs(…)`, or number properties of a view
 *   model by name
 * @param {{input?: string, shapes?: "sapi" | "oculus" | "vrm" | "rhubarb"}} [options] `input` is the name of the single
 *   input, `viseme` by default; its value is the place of the viseme in `SHAPES[shapes]`, by default the SAPI id
 * @returns {Avatar}
 */
export function rive(inputs, { input = "viseme", shapes = "sapi" } = {}) {
  const named = Array.isArray(inputs) ? Object.fromEntries(inputs.map((each) => [each.name, each])) : inputs;
  const blended = SHAPES.oculus.filter((name) => name in named);
  return {
    show(timeline) {
      if (named[input]) {
        named[input].value = /** @type {ReadonlyArray<unknown>} */ (SHAPES[shapes]).indexOf(timeline.now(shapes));
      }
      const weights = blended.length ? timeline.weights("oculus") : {};
      for (const name of blended) named[name].value = 100 * weights[name];
    },
  };
}
