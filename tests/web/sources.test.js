/** SDK sessions as emitters: what the module makes of their messages. The SDKs themselves are in the browser's tests. */

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";

import {
  VisemeTimeline, between, forAll, fromElevenLabs, fromGemini, fromLiveKit, fromOpenAI, fromPipecat, rive, talkingHead, talkingHeadVisemes, vrm, warnings,
} from "./cases.js";

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

test("ElevenLabs: a message without a duration does not hold up the next one", () => {
  const { timeline, callbacks } = fromElevenLabs({ shapes: "sapi" });
  callbacks.onIncomingEvent({ type: "visemes", visemes: [{ visemeId: 2, offset: 0 }] });
  callbacks.onIncomingEvent({ type: "visemes", visemes: [{ visemeId: 6, offset: 0 }], audio_duration: 300 });
  assert.equal(timeline.now("sapi", performance.now() + 150), 6);
});

test("OpenAI: audio that is not base64 is ignored, with one warning", () => {
  const session = new EventEmitter();
  const { timeline } = fromOpenAI(session);
  const visemes = { visemes: [{ visemeId: 2, offset: 0 }], audio_duration: 100 };
  const texts = warnings(() => {
    for (const delta of ["%%%", "AAAAA", "AAA\u00e9", 7, null, undefined, {}, ["AAAA"]]) {
      session.emit("event", { type: "response.output_audio.delta", response_id: "r", delta, mascotVisemes: visemes });
    }
  });
  assert.deepEqual(texts, ["mascot-web: the audio of a message is not valid: it must be base64; ignored"]);
  assert.deepEqual(timeline.segments, []);
});

test("Gemini: audio that cannot be used is ignored, with one warning for each reason", () => {
  const { timeline, callbacks } = fromGemini();
  const audio = (data, mimeType = "audio/pcm;rate=24000") => ({ inlineData: { data, mimeType } });
  const message = (...parts) => ({ serverContent: { modelTurn: { parts } }, mascotVisemes: { visemes: [], audio_duration: 100 } });
  const texts = warnings(() => {
    // The second part is right, but the visemes are for both.
    for (const data of ["%%%", 7, null, undefined, {}]) callbacks.onmessage(message(audio(data), audio("AAAA")));
    for (const rate of ["0", "1", "7999", "48001", "99999999999999999999"]) callbacks.onmessage(message(audio("AAAA", `audio/pcm;rate=${rate}`)));
  });
  // The same problem was in another test.
  const rates = "mascot-web: the audio of a message is not valid: its rate must be 8000 to 48000 Hz; ignored";
  assert.deepEqual(texts, [rates]);
  assert.deepEqual(timeline.segments, []);
});

test("any message of an SDK is taken or ignored, and never thrown at", () => {
  const types = [
    "session.created", "session.updated", "response.created", "response.done", "response.animation_viseme.delta",
    "response.output_audio.delta", "session.output_audio.delta", "input_audio_buffer.speech_started", "visemes", "mascot-visemes",
  ];
  const names = [
    "type", "session", "response", "response_id", "audio", "output", "input", "format", "turn_detection", "rate", "delta", "mascotVisemes",
    "visemes", "audio_duration", "serverContent", "modelTurn", "parts", "inlineData", "mimeType", "data", "interrupted", "id", "viseme_id",
  ];
  const value = (random, depth = 0) => {
    const plain = [null, undefined, true, 0, -1, 1e300, "", "%%%", "constructor", "audio/pcm", "audio/pcm;rate=0", [], {}, [null], ...types];
    const pick = between(random, 0, depth > 4 ? plain.length - 1 : plain.length * 3);
    if (pick < plain.length) return plain[pick];
    if (pick < plain.length + 4) return Array.from({ length: between(random, 0, 3) }, () => value(random, depth + 1));
    const entries = names.filter(() => random() < 0.2).map((name) => [name, value(random, depth + 1)]);
    return Object.fromEntries(random() < 0.5 ? [...entries, ["type", types[between(random, 0, types.length - 1)]]] : entries);
  };
  warnings(() => {
    forAll((random) => {
      const [session, client, room] = [new EventEmitter(), new EventEmitter(), new EventEmitter()];
      // Node.js has no audio: a player whose context is closed plays nothing.
      const context = { state: "closed", currentTime: 0, sampleRate: 48000 };
      const [gemini, elevenLabs] = [fromGemini({ context }), fromElevenLabs()];
      const timelines = [fromOpenAI(session, { context }), fromPipecat(client), fromLiveKit(room), gemini, elevenLabs].map(({ timeline }) => timeline);
      for (let count = 0; count < 30; count += 1) {
        const message = value(random);
        session.emit("event", message);
        client.emit("serverMessage", message);
        room.emit("dataReceived", new TextEncoder().encode(JSON.stringify(message)), undefined, 0, "mascot.visemes");
        gemini.callbacks.onmessage(message);
        elevenLabs.callbacks.onIncomingEvent(message);
        for (const timeline of timelines) assert.ok(Math.abs(Object.values(timeline.weights()).reduce((a, b) => a + b) - 1) < 1e-9);
      }
    }, 100);
  });
});

test("two conversations in one page do not share anything", () => {
  const visemes = (visemeId) => ({ type: "visemes", visemes: [{ visemeId, offset: 0 }], audio_duration: 300 });
  const [one, other] = [fromElevenLabs({ shapes: "sapi" }), fromElevenLabs({ shapes: "sapi" })];
  one.callbacks.onIncomingEvent(visemes(2));
  other.callbacks.onIncomingEvent(visemes(6));
  one.callbacks.onIncomingEvent({ ...visemes(8), visemes: [] });
  const soon = performance.now() + 100;
  assert.deepEqual([one, other].map(({ timeline }) => timeline.now("sapi", soon)), [2, 6]);
  // What the mouth held goes on in its own conversation alone.
  assert.equal(one.timeline.now("sapi", one.timeline.endMs - 1), 2);
  one.callbacks.onInterruption();
  assert.deepEqual([one, other].map(({ timeline }) => timeline.now("sapi", soon)), [0, 6]);

  const [left, right] = [new EventEmitter(), new EventEmitter()];
  const [mine, theirs] = [left, right].map((client) => fromPipecat(client, { delayMs: 0 }));
  left.emit("serverMessage", message([["aa", 0]]));
  assert.deepEqual([mine, theirs].map(({ timeline }) => shown(timeline, 50)), ["aa", "sil"]);
  right.emit("serverMessage", message([["PP", 0]]));
  left.emit("serverMessage", message([["sil", 0]], { interrupted: true }));
  mine.close();
  assert.deepEqual([mine, theirs].map(({ timeline }) => shown(timeline, 50)), ["sil", "PP"]);
  right.emit("serverMessage", message([["E", 0]]));
  assert.equal(shown(theirs.timeline, 50), "E");
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
