/** Animates avatars of other libraries. */

import { SHAPES, convert } from "./shapes.js";

/**
 * @typedef {import("./timeline.js").VisemeTimeline} VisemeTimeline
 * @typedef {{show: (timeline: VisemeTimeline) => void}} Avatar `show` sets the mouth to the current viseme
 * @typedef {{name?: string, value?: unknown}} RiveInput
 */

// TalkingHead uses other names for three shapes of `oculus`.
/** @type {Record<string, string>} */
const TALKING_HEAD_NAMES = { ih: "I", oh: "O", ou: "U" };
/** @type {(viseme: string) => string} */
const talkingHeadName = (viseme) => TALKING_HEAD_NAMES[viseme] ?? viseme;
// The maximum values of TalkingHead's own lip sync.
const FULL = 0.6;
const FULL_CLOSED = 0.9;
// TalkingHead opens the mouth two thirds of a duration before the viseme.
const LONGEST_MS = 90;

/**
 * Updates the mouth of an avatar in every animation frame.
 *
 * @param {VisemeTimeline} timeline The timeline.
 * @param {Avatar} avatar The avatar.
 * @returns {() => void} A function that stops the animation.
 */
export function animate(timeline, avatar) {
  let request = requestAnimationFrame(function frame() {
    avatar.show(timeline);
    request = requestAnimationFrame(frame);
  });
  return () => cancelAnimationFrame(request);
}

/**
 * Animates an avatar of @met4citizen/talkinghead. Play the audio through its audio graph, so that its volume and reverb
 * apply: `{ output: head.audioAnalyzerNode }`.
 *
 * @param {{mtAvatar: Record<string, object>}} head A `TalkingHead`.
 * @returns {Avatar & {release: () => void}} The avatar. `release` returns control of the mouth to TalkingHead.
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
 * Returns visemes for TalkingHead's `speakAudio` and `streamAudio`, for apps in which TalkingHead plays the audio.
 * Durations are at most 90 ms, because TalkingHead opens the mouth two thirds of the duration early.
 *
 * @param {VisemeTimeline} timeline The timeline.
 * @param {number} startMs The start of the utterance on the timeline, in ms. Times count from there.
 * @returns {{visemes: string[], vtimes: number[], vdurations: number[]}} The visemes, with times and durations in ms.
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
 * Animates a VRM model of @pixiv/three-vrm with its five mouth expressions. Call `vrm.update(delta)` as usual.
 *
 * @param {{expressionManager?: {setValue: (name: string, weight: number) => void}}} vrm A `VRM`.
 * @returns {Avatar} The avatar.
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
 * Animates a Rive character with number inputs: either one input for the number of the viseme, or one input per Oculus
 * viseme with the name of the viseme and values from 0 to 100. Other inputs are not changed.
 *
 * @param {RiveInput[] | Record<string, RiveInput>} inputs The result of `rive.stateMachineInputs(…)`, or number properties
 *   of a view model by name.
 * @param {{input?: string, shapes?: "sapi" | "oculus" | "vrm" | "rhubarb"}} [options] `input`: the name of the single
 *   input; the default is `viseme`. Its value is the index of the viseme in `SHAPES[shapes]`, by default the SAPI id.
 * @returns {Avatar} The avatar.
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
