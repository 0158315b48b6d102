/**
 * Avatars without an avatar file, of the real packages: a TalkingHead and a VRM whose rigs are made here, moved by
 * mascot-web while it plays messages. Notes what the morph targets of their meshes do, by the browser's audio clock.
 */

import { MascotPlayer, SHAPES, animate, talkingHead, vrm } from "mascot-web";
import * as THREE from "three";

const TALKING_HEAD_NAMES = { ih: "I", oh: "O", ou: "U" };
// Of TalkingHead's own lip sync.
const LEVELS = { PP: 0.9, FF: 0.9 };
const BODY = (
  "Armature Hips Spine Spine1 Spine2 Neck Head LeftEye RightEye LeftToeBase RightToeBase LeftShoulder LeftArm LeftForeArm " +
  "LeftHand LeftHandMiddle1 RightShoulder RightArm RightForeArm RightHand RightHandMiddle1"
).split(" ");
const EYES = (
  "eyeBlinkLeft eyeBlinkRight eyeLookInLeft eyeLookInRight eyeLookOutLeft eyeLookOutRight eyeLookUpLeft eyeLookUpRight " +
  "eyeLookDownLeft eyeLookDownRight browDownLeft browDownRight browInnerUp mouthSmileLeft mouthSmileRight"
).split(" ");

/** A glTF of nodes and one triangle with morph targets, as a URL. */
function rig(nodes, targets) {
  const position = { bufferView: 0, componentType: 5126, count: 3, type: "VEC3", min: [0, 0, 0], max: [0, 0, 0] };
  const gltf = {
    asset: { version: "2.0" },
    scene: 0,
    scenes: [{ nodes: [0] }],
    nodes: nodes.map((name, index) => ({
      name, ...(index ? {} : { children: [...nodes.keys()].slice(1).concat(nodes.length) }),
    })).concat({ name: "Face", mesh: 0 }),
    meshes: [{
      extras: { targetNames: targets },
      primitives: [{ attributes: { POSITION: 0 }, targets: targets.map(() => ({ POSITION: 0 })) }],
    }],
    accessors: [position],
    bufferViews: [{ buffer: 0, byteLength: 36 }],
    buffers: [{ byteLength: 36, uri: `data:application/octet-stream;base64,${btoa("\0".repeat(36))}` }],
  };
  return URL.createObjectURL(new Blob([JSON.stringify(gltf)], { type: "model/gltf+json" }));
}

/** What is largest; the closed mouth where nothing is left for the others. */
function largest(weights, rest) {
  let [name, weight] = [rest, weights[rest] ?? 1 - Object.values(weights).reduce((sum, value) => sum + value, 0)];
  for (const [other, value] of Object.entries(weights)) if (value > weight) [name, weight] = [other, value];
  return name;
}

async function makeTalkingHead() {
  const { TalkingHead } = await import("@met4citizen/talkinghead");
  const options = { avatarOnly: true, avatarOnlyCamera: new THREE.PerspectiveCamera(), lipsyncModules: [] };
  const head = new TalkingHead(document.body, options);
  const nodes = [...new Set([...BODY, ...head.posePropNames.map((name) => name.split(".")[0])])];
  const names = Object.fromEntries(SHAPES.oculus.map((name) => [name, `viseme_${TALKING_HEAD_NAMES[name] ?? name}`]));
  await head.showAvatar({ url: rig(nodes, [...new Set([...Object.values(names), "jawOpen", ...EYES, ...head.mtRandomized])]), body: "F" });
  const [{ morphTargetInfluences: influences, morphTargetDictionary: places }] = head.morphs;
  return {
    player: new MascotPlayer({ output: head.audioAnalyzerNode }),
    avatar: talkingHead(head),
    update: (ms) => head.animate(ms),
    weights: () => Object.fromEntries(
      SHAPES.oculus.map((name) => [name, influences[places[names[name]]] / (LEVELS[name] ?? 0.6)]),
    ),
  };
}

async function makeVrm() {
  const { VRM, VRMExpression, VRMExpressionManager, VRMExpressionMorphTargetBind, VRMHumanoid } = await import("@pixiv/three-vrm");
  const names = SHAPES.vrm.slice(1);
  const geometry = new THREE.BufferGeometry();
  const still = new THREE.Float32BufferAttribute(new Float32Array(9), 3);
  geometry.setAttribute("position", still);
  geometry.morphAttributes.position = names.map(() => still);
  const mesh = new THREE.Mesh(geometry);
  const expressionManager = new VRMExpressionManager();
  names.forEach((name, index) => {
    const expression = new VRMExpression(name);
    expression.addBind(new VRMExpressionMorphTargetBind({ primitives: [mesh], index, weight: 1 }));
    expressionManager.registerExpression(expression);
  });
  const scene = new THREE.Group();
  const bones = Object.fromEntries(["hips", "spine", "head"].map((name) => [name, { node: scene.add(new THREE.Object3D()).children.at(-1) }]));
  const model = new VRM({ scene, meta: {}, humanoid: new VRMHumanoid(bones), expressionManager });
  return {
    player: new MascotPlayer(),
    avatar: vrm(model),
    update: (ms) => model.update(ms / 1000),
    weights: () => Object.fromEntries(names.map((name, index) => [name, mesh.morphTargetInfluences[index]])),
  };
}

const starts = [];
const { start } = AudioBufferSourceNode.prototype;
AudioBufferSourceNode.prototype.start = function (when, ...rest) {
  starts.push({ atMs: when * 1000, durationMs: this.buffer.duration * 1000 });
  return start.call(this, when, ...rest);
};

/** Plays messages of {base64, rate, payload}, and returns what was scheduled and what each picture showed. */
globalThis.play = async (kind, messages) => {
  starts.length = 0;
  const stage = await (kind === "talkinghead" ? makeTalkingHead() : makeVrm());
  const { player, avatar } = stage;
  const context = await player.open();
  const heard = () => {
    const { contextTime, performanceTime } = context.getOutputTimestamp();
    return Math.min(contextTime * 1000 + performance.now() - performanceTime, context.currentTime * 1000);
  };
  const frames = [];
  let last = performance.now();
  let fromMs = 0;
  // `animate` looks at the clock in its own callback, between these two.
  const before = () => { fromMs = heard(); };
  const after = (now) => {
    const began = performance.now();
    stage.update(began - last);
    const weights = stage.weights();
    frames.push({ viseme: largest(weights, "sil"), fromMs, heardMs: heard(), passed: began - last, now, weights });
    last = began;
  };
  let running = true;
  (function first() { before(); if (running) requestAnimationFrame(first); })();
  const stop = animate(player.timeline, avatar);
  (function second(now) { if (now) after(now); if (running) requestAnimationFrame(second); })();
  for (const { base64, rate, payload } of messages) player.play(base64, { encoding: "pcm16", rate }, payload);
  while (heard() < player.timeline.endMs + 300) await new Promise((over) => setTimeout(over, 20));
  running = false;
  stop();
  return { starts: starts.slice(), frames };
};
globalThis.ready = true;
