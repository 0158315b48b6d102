/** What an app in TypeScript writes: compiled strictly against the package's own types. */

import {
  MascotPlayer, SHAPES, SMOOTHING_PRESETS, VisemeTimeline, animate, convert, fromElevenLabs, fromGemini, fromLiveKit,
  fromOpenAI, fromPipecat, rive, talkingHead, talkingHeadVisemes, vrm,
  type Avatar, type Payload, type ShapeSet, type Smoothing, type Weights,
} from "mascot-web";
import type { TalkingHead } from "./talkinghead.js";

const set: ShapeSet = "arkit";
const smoothing: Partial<Smoothing> = { ...SMOOTHING_PRESETS.conversation, minIntervalMs: 50 };
const timeline = new VisemeTimeline({ clock: () => performance.now(), shapes: set, leadMs: 30, delayMs: 150, smoothing });
const payload: Payload = { visemes: [{ visemeId: 21, offset: 0 }], audio_duration: 100 };
timeline.add(payload, 0)?.endMs.toFixed();
const weights: Weights = timeline.weights();
const viseme: number | string = timeline.now("sapi");
const [{ durationMs }] = timeline.events();

const player = new MascotPlayer({ context: new AudioContext(), shapes: "oculus", smoothing: "conversation" });
player.play("AAAA", { encoding: "ulaw", rate: 8000 }, payload);
player.play(new Int16Array(4), { encoding: "pcm16", rate: 24000 });
await player.open();

declare const emitter: { on(name: string, take: (...values: any[]) => void): unknown; off(name: string, take: unknown): unknown };
declare const head: TalkingHead;
const mouths: VisemeTimeline[] = [
  fromOpenAI(emitter, { output: new GainNode(player.context) }).timeline, fromGemini().timeline, fromElevenLabs().timeline,
  fromPipecat(emitter, { delayMs: 100 }).timeline, fromLiveKit(emitter, { participant: { identity: "a" } }).timeline,
];
const mine: Avatar = { show: (each) => void each.weights("arkit").jawOpen };
const stop: () => void = animate(mouths[0], mine);
animate(timeline, talkingHead(head));
animate(timeline, vrm({ expressionManager: { setValue(name: string, weight: number) {} } }));
animate(timeline, rive([{ name: "viseme", value: 0 }], { shapes: "oculus" }));
const { vtimes } = talkingHeadVisemes(timeline, 0);
convert(21, "sapi", "vrm");
SHAPES.oculus.indexOf("PP");

// @ts-expect-error there is no such set
new VisemeTimeline({ shapes: "cartoon" });
// @ts-expect-error nor such an encoding
player.play("AAAA", { encoding: "mp3", rate: 24000 });
// @ts-expect-error nor such a preset
new VisemeTimeline({ smoothing: "silky" });

void [weights, viseme, durationMs, stop, vtimes];
