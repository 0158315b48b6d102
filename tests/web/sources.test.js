/** SDK sessions as emitters: what the module makes of their messages. The SDKs themselves are in the browser's tests. */

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";

import { VisemeTimeline, fromElevenLabs, fromLiveKit, fromPipecat, rive, talkingHead, talkingHeadVisemes, vrm, warnings } from "./cases.js";

const message = (visemes, more = {}) => ({
  type: "mascot-visemes", shapes: "oculus", contextId: "a", destination: null, interrupted: false,
  visemes: visemes.map(([viseme, offset]) => ({ viseme, offset })), ...more,
});

/** What is shown `ms` after the last message. */
const shown = (timeline, ms) => timeline.now("oculus", timeline.positionMs + ms);

test("Pipecat: visemes count from their arrival and the delay, an interruption closes the mouth", () => {
  const client = new EventEmitter();
  const { timeline } = fromPipecat(client, { delayMs: 200 });
  client.emit("serverMessage", message([["aa", 40]]));
  assert.deepEqual([100, 230, 250].map((ms) => shown(timeline, ms)), ["sil", "sil", "aa"]);
  client.emit("serverMessage", message([["sil", 0]], { interrupted: true }));
  assert.equal(shown(timeline, 250), "sil");
});

test("Pipecat: other messages, and those of other destinations, are left alone", () => {
  const client = new EventEmitter();
  const { timeline, close } = fromPipecat(client, { destination: "left", delayMs: 0 });
  const texts = warnings(() => {
    for (const other of [undefined, null, "text", 4, {}, { type: "chart", visemes: 3 }, { type: "mascot-visemes-2" }]) {
      client.emit("serverMessage", other);
    }
    client.emit("serverMessage", message([["aa", 0]], { destination: "right" }));
    client.emit("serverMessage", message([["aa", 0]]));
  });
  assert.deepEqual(texts, []);
  assert.equal(shown(timeline, 100), "sil");
  client.emit("serverMessage", message([["aa", 0]], { destination: "left", version: 7 }));
  assert.equal(shown(timeline, 100), "aa");
  close();
  client.emit("serverMessage", message([["PP", 0]], { destination: "left" }));
  assert.equal(shown(timeline, 100), "aa");
});

test("LiveKit: the right agent, track and topic, and nothing else", () => {
  const room = new EventEmitter();
  const bytes = (data) => new TextEncoder().encode(typeof data === "string" ? data : JSON.stringify(data));
  const mouths = {
    all: fromLiveKit(room, { delayMs: 0 }),
    participant: fromLiveKit(room, { participant: { identity: "ada" }, delayMs: 0 }),
    identity: fromLiveKit(room, { participant: "ada", delayMs: 0 }),
    track: fromLiveKit(room, { trackId: "TR_1", delayMs: 0 }),
  };
  const send = (data, identity = "bo", topic = "mascot.visemes") =>
    room.emit("dataReceived", bytes(data), identity && { identity }, 0, topic);
  const open = () => Object.keys(mouths).filter((name) => shown(mouths[name].timeline, 50) !== "sil");
  const texts = warnings(() => {
    send("no JSON");
    send("null");
    send(message([["aa", 0]]), "ada", "chat");
    send({ type: "other" });
  });
  assert.deepEqual([texts, open()], [[], []]);
  send(message([["aa", 0]], { trackId: "TR_2" }));
  assert.deepEqual(open(), ["all"]);
  send(message([["aa", 0]], { trackId: "TR_1" }), undefined);
  assert.deepEqual(open(), ["all", "track"]);
  send(message([["aa", 0]]), "ada");
  assert.deepEqual(open(), ["all", "participant", "identity", "track"]);
  send(message([["sil", 0]], { interrupted: true, trackId: "TR_1" }), "ada");
  assert.deepEqual(open(), []);
});

test("ElevenLabs: messages follow each other, from 50 ms after the first one's arrival", () => {
  const { timeline, callbacks } = fromElevenLabs({ shapes: "sapi" });
  const began = performance.now();
  const visemes = (visemeId) => ({ type: "visemes", visemes: [{ visemeId, offset: 0 }], audio_duration: 300 });
  callbacks.onIncomingEvent({ type: "audio" });
  callbacks.onIncomingEvent(undefined);
  callbacks.onIncomingEvent(visemes(2));
  callbacks.onIncomingEvent(visemes(6));
  const [first, second] = timeline.segments;
  assert.ok(first.startMs >= began + 50 && first.startMs < began + 100);
  assert.equal(second.startMs, first.endMs);
  callbacks.onInterruption();
  assert.equal(timeline.now("sapi", first.startMs + 10), 0);
});

// Avatars that are objects with the members that the libraries document.

const speaking = (visemeId) => {
  const timeline = new VisemeTimeline({ clock: () => 150, shapes: "sapi" });
  timeline.add({ visemes: [{ visemeId, offset: 0 }], audio_duration: 300 }, 0);
  return timeline;
};

test("TalkingHead: its own names, its own levels, and back", () => {
  const names = ["aa", "E", "I", "O", "U", "PP", "SS", "TH", "DD", "FF", "kk", "nn", "RR", "CH", "sil"];
  const mtAvatar = Object.fromEntries([...names.map((name) => `viseme_${name}`), "jawOpen"].map((name) => [name, { realtime: null }]));
  const avatar = talkingHead({ mtAvatar });
  const moved = () => Object.entries(mtAvatar).filter(([, { realtime }]) => realtime).map(([name, { realtime }]) => [name, realtime]);
  for (const [visemeId, wanted] of [[2, ["viseme_aa", 0.6]], [6, ["viseme_I", 0.6]], [8, ["viseme_O", 0.6]], [7, ["viseme_U", 0.6]], [21, ["viseme_PP", 0.9]]]) {
    avatar.show(speaking(visemeId));
    assert.deepEqual(moved(), [wanted]);
    assert.ok(mtAvatar.viseme_aa.needsUpdate);
  }
  avatar.release();
  assert.deepEqual(Object.values(mtAvatar).filter(({ realtime }) => realtime !== null), []);
});

test("TalkingHead's own player gets times from the start of the utterance, and short durations", () => {
  const timeline = new VisemeTimeline({ clock: () => 0 });
  const cues = [[2, 40], [6, 70], [8, 300]].map(([visemeId, offset]) => ({ visemeId, offset }));
  timeline.add({ visemes: cues, audio_duration: 500 }, 1000);
  assert.deepEqual(talkingHeadVisemes(timeline, 1000), {
    visemes: ["sil", "aa", "I", "O"], vtimes: [0, 40, 70, 300], vdurations: [40, 30, 90, 90],
  });
});

test("VRM: five expressions", () => {
  const set = {};
  vrm({ expressionManager: { setValue: (name, weight) => (set[name] = weight) } }).show(speaking(4));
  assert.deepEqual(set, { aa: 0, ih: 0, ou: 0, ee: 1, oh: 0 });
  vrm({}).show(speaking(4));
});

test("Rive: one number, or a number for each viseme", () => {
  const inputs = [{ name: "viseme", value: 0 }, { name: "PP", value: 0 }, { name: "aa", value: 9 }, { name: "blink", value: 5 }];
  rive(inputs).show(speaking(21));
  assert.deepEqual(inputs.map(({ value }) => value), [21, 100, 0, 5]);
  const properties = { mouth: { value: 0 } };
  rive(properties, { input: "mouth", shapes: "oculus" }).show(speaking(6));
  assert.equal(properties.mouth.value, 12);
});
