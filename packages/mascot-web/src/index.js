/**
 * Lip sync for web pages: shows the visemes of mascot-server, pipecat-mascot and livekit-plugins-mascot in time with the
 * audio.
 */

export { animate, rive, talkingHead, talkingHeadVisemes, vrm } from "./avatars.js";
export { loudnessPayload } from "./loudness.js";
export { Resampler, decode, fromBase64 } from "./pcm.js";
export { MascotPlayer } from "./player.js";
export { SHAPES, convert } from "./shapes.js";
export { SMOOTHING_PRESETS } from "./smoothing.js";
export { fromElevenLabs, fromGemini, fromLiveKit, fromOpenAI, fromPipecat } from "./sources.js";
export { VisemeTimeline } from "./timeline.js";

/**
 * @typedef {import("./avatars.js").Avatar} Avatar
 * @typedef {import("./contract.js").Payload} Payload
 * @typedef {import("./pcm.js").AudioFormat} AudioFormat
 * @typedef {import("./player.js").PlayerOptions} PlayerOptions
 * @typedef {import("./shapes.js").ShapeSet} ShapeSet
 * @typedef {import("./shapes.js").Viseme} Viseme
 * @typedef {import("./shapes.js").Weights} Weights
 * @typedef {import("./smoothing.js").Smoothing} Smoothing
 * @typedef {import("./timeline.js").Segment} Segment
 * @typedef {import("./timeline.js").TimelineOptions} TimelineOptions
 * @typedef {import("./timeline.js").VisemeEvent} VisemeEvent
 */
