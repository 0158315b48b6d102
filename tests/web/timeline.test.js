/** The timeline: which shape is due when, and how much of each. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { SHAPES, VisemeTimeline, base64, between, forAll, handClock, payloadOf, warnings } from "./cases.js";

const cue = (visemeId, offset) => ({ visemeId, offset });
const payload = (visemes, audio_duration) => ({ visemes, audio_duration });
const sum = (weights) => Object.values(weights).reduce((total, weight) => total + weight, 0);

test("the mouth follows the clock, and is closed where nothing is heard", () => {
  const timeline = new VisemeTimeline({ clock: () => 0, shapes: "sapi" });
  timeline.add(payload([cue(2, 100)], 300), 1000);
  timeline.add(payload([], 200), 1300);
  timeline.add(payload([cue(7, 0)], 100), 2000);
  const at = [0, 1050, 1100, 1350, 1499, 1500, 1999, 2000, 2101];
  assert.deepEqual(at.map((ms) => timeline.now("sapi", ms)), [0, 0, 2, 2, 2, 0, 0, 7, 0]);
});

test("a shape holds into the next message and over a pause, and not beyond a finish", () => {
  const timeline = new VisemeTimeline({ clock: () => 0, shapes: "sapi" });
  timeline.add(payload([cue(4, 0)], 100), 0);
  timeline.add(payload([cue(7, 100)], 200), 500);
  timeline.finish();
  timeline.add(payload([cue(2, 50)], 100), 1000);
  assert.deepEqual([550, 600, 1010, 1060].map((ms) => timeline.now("sapi", ms)), [4, 7, 0, 2]);
});

test("sound without a start follows what is there, or starts now", () => {
  const clock = handClock();
  const timeline = new VisemeTimeline({ clock });
  clock.ms = 70;
  assert.equal(timeline.add(payload([], 100)).startMs, 70);
  assert.equal(timeline.add(payload([], 100)).startMs, 170);
  clock.ms = 400;
  assert.equal(timeline.add(payload([], 100)).startMs, 400);
});

test("leadMs moves the mouth before its sound, delayMs waits for the sound", () => {
  const clock = handClock();
  const early = new VisemeTimeline({ clock, shapes: "sapi", leadMs: 30 });
  const late = new VisemeTimeline({ clock, shapes: "sapi", delayMs: 150 });
  for (const each of [early, late]) each.add(payload([cue(2, 100)], 300), 0);
  const shown = (each, ms) => {
    clock.ms = ms;
    return each.now();
  };
  assert.deepEqual([69, 70].map((ms) => shown(early, ms)), [0, 2]);
  assert.deepEqual([249, 250, 449, 450].map((ms) => shown(late, ms)), [0, 2, 2, 0]);
});

test("an interruption drops what is to come, and the held shape", () => {
  const timeline = new VisemeTimeline({ clock: () => 250, shapes: "sapi" });
  timeline.add(payload([cue(2, 0), cue(6, 300)], 500), 0);
  timeline.add(payload([cue(8, 0)], 500), 500);
  timeline.interrupt();
  assert.deepEqual([200, 260, 400, 700].map((ms) => timeline.now("sapi", ms)), [2, 0, 0, 0]);
  assert.equal(timeline.endMs, 250);
  timeline.add(payload([], 100), 300);
  assert.equal(timeline.now("sapi", 350), 0);
});

test("messages without a duration hold until the next one, whose changes may come before the last ones' end", () => {
  const clock = handClock();
  const timeline = new VisemeTimeline({ clock });
  const message = (...visemes) => ({ shapes: "oculus", visemes: visemes.map(([viseme, offset]) => ({ viseme, offset })) });
  timeline.add(message(["aa", 40], ["PP", 118]), 1000);
  timeline.add(message(["E", 20]), 1110);
  assert.deepEqual([1030, 1050, 1119, 1131, 9000].map((ms) => timeline.now("oculus", ms)), ["sil", "aa", "PP", "E", "E"]);
  clock.ms = 2000;
  timeline.finish();
  assert.equal(timeline.now("oculus", 2001), "sil");
});

test("weights: together 1, never negative, and a bounded change in time", () => {
  forAll((random) => {
    const shapes = ["sapi", "oculus", "vrm", "rhubarb"][between(random, 0, 3)];
    const timeline = new VisemeTimeline({ clock: () => 0, shapes });
    let end = 0;
    for (let count = 0; count < 5; count += 1) {
      end += random() < 0.3 ? between(random, 1, 300) : 0;
      end = timeline.add(payloadOf(random, SHAPES.sapi), end).endMs;
    }
    let before = null;
    for (let ms = -50; ms < end + 100; ms += 5) {
      const weights = timeline.weights(shapes, ms);
      assert.deepEqual(Object.keys(weights).map(String), SHAPES[shapes].map(String));
      assert.ok(Math.abs(sum(weights) - 1) < 1e-9);
      for (const [name, weight] of Object.entries(weights)) {
        assert.ok(weight >= 0);
        // A Hann window of 80 ms moves at most 1/40 of its area a millisecond.
        if (before) assert.ok(Math.abs(weight - before[name]) <= 5 / 40 + 1e-3, `${name} at ${ms}`);
      }
      before = weights;
    }
  });
});

test("weights are the viseme alone where it lasts, in whichever set one asks for", () => {
  const timeline = new VisemeTimeline({ clock: () => 0 });
  timeline.add(payload([cue(21, 0)], 300), 0);
  const only = (shapes) => Object.entries(timeline.weights(shapes, 150)).filter(([, weight]) => weight);
  assert.deepEqual(only("sapi"), [["21", 1]]);
  assert.deepEqual(only("oculus"), [["PP", 1]]);
  assert.deepEqual(only("vrm"), [["sil", 1]]);
  assert.deepEqual(only("rhubarb"), [["A", 1]]);
  assert.deepEqual(Object.fromEntries(only("arkit")).mouthPressLeft, 0.4);
});

test("however speech is cut into messages, the mouth is the same", () => {
  forAll((random) => {
    const whole = payloadOf(random, SHAPES.sapi, { duration: 600 });
    const one = new VisemeTimeline({ clock: () => 0, shapes: "sapi" });
    one.add(whole, 0);
    const cut = new VisemeTimeline({ clock: () => 0, shapes: "sapi" });
    for (let start = 0; start < 600; ) {
      const end = Math.min(600, start + between(random, 1, 200));
      const inside = whole.visemes.filter(({ offset }) => offset >= start && offset < end);
      cut.add(payload(inside.map((each) => ({ ...each, offset: each.offset - start })), end - start));
      start = end;
    }
    for (let ms = -20; ms < 640; ms += 7) {
      assert.equal(cut.now("sapi", ms), one.now("sapi", ms));
      const [a, b] = [cut, one].map((each) => each.weights("oculus", ms));
      for (const name in a) assert.ok(Math.abs(a[name] - b[name]) < 1e-6);
    }
  });
});

test("a viseme that goes on in the next message is one event", () => {
  const timeline = new VisemeTimeline({ clock: () => 0, shapes: "sapi" });
  timeline.add(payload([cue(2, 50)], 100), 0);
  timeline.add(payload([cue(6, 30)], 100), 100);
  assert.deepEqual(timeline.events(60), [
    { viseme: 2, startMs: 50, durationMs: 80 }, { viseme: 6, startMs: 130, durationMs: 70 },
  ]);
});

test("events have durations, without gaps inside a message", () => {
  forAll((random) => {
    const timeline = new VisemeTimeline({ clock: () => 0, shapes: "sapi" });
    timeline.add(payloadOf(random, SHAPES.sapi), 1000);
    let end = 1000;
    for (const { startMs, durationMs, viseme } of timeline.events()) {
      assert.equal(startMs, end);
      assert.equal(timeline.now("sapi", startMs), viseme);
      end = startMs + durationMs;
    }
    assert.equal(end, timeline.endMs);
  });
});

test("what was heard long ago is forgotten", () => {
  const clock = handClock();
  const timeline = new VisemeTimeline({ clock });
  for (let count = 0; count < 2000; count += 1) {
    clock.ms = count * 100;
    timeline.add(payload([cue(2, 0), cue(6, 50)], 100), clock.ms);
    assert.ok(timeline.segments.length < 160);
  }
  const open = new VisemeTimeline({ clock });
  for (let count = 0; count < 2000; count += 1) {
    clock.ms += 100;
    open.add({ visemes: [{ viseme: "aa", offset: 0 }, { viseme: "PP", offset: 50 }] }, clock.ms);
  }
  assert.ok(open.segments[0].cues.length < 400);
});

// Weights of the server.

const OCULUS = [...SHAPES.oculus];

/** Rows of bytes that move as the server's do: half the difference of two rows is 1/4 of 255 at most. */
function rowsOf(random, count, names = OCULUS, last = names.map((_, index) => (index ? 0 : 255))) {
  const rows = [];
  for (let row = 0; row < count; row += 1) {
    const target = between(random, 0, names.length - 1);
    last = last.map((value, index) => Math.round(value * 0.75 + (index === target ? 255 * 0.25 : 0)));
    rows.push(last);
  }
  return rows;
}

const withRows = (rows, { names = OCULUS, offset = 0, duration = rows.length * 10, ...more } = {}) => ({
  visemes: [],
  audio_duration: duration,
  weights: { fps: 100, offset, ...(names ? { names } : {}), frames: base64(rows.flat()) },
  ...more,
});

test("rows are shown at their time, and interpolated between", () => {
  forAll((random) => {
    const rows = rowsOf(random, 40);
    const timeline = new VisemeTimeline({ clock: () => 0 });
    timeline.add(withRows(rows.slice(0, 15)), 1000);
    timeline.add(withRows(rows.slice(15), { names: null }), 1150);
    for (let row = 5; row < 35; row += 1) {
      for (const part of [0, 0.3]) {
        const weights = timeline.weights("oculus", 1000 + 10 * (row + part));
        const wanted = rows[row].map((value, index) => (1 - part) * value + part * rows[row + 1][index]);
        const total = wanted.reduce((a, b) => a + b);
        OCULUS.forEach((name, index) => assert.ok(Math.abs(weights[name] - wanted[index] / total) < 0.002));
      }
    }
  }, 20);
});

test("the change of weights in a picture is bounded, at the ends of speech too", () => {
  forAll((random) => {
    const timeline = new VisemeTimeline({ clock: () => 0 });
    timeline.add(withRows(rowsOf(random, 20)), 0);
    timeline.add(withRows(rowsOf(random, 20)), 400);
    let before = timeline.weights("oculus", -60);
    for (let ms = -60; ms < 700; ms += 1) {
      const weights = timeline.weights("oculus", ms);
      const change = OCULUS.reduce((total, name) => total + Math.abs(weights[name] - before[name]), 0) / 2;
      assert.ok(change <= 0.08, `${change} at ${ms}`);
      before = weights;
    }
  }, 20);
});

test("a payload without weights keeps the last row; after the sound the mouth is at rest", () => {
  const timeline = new VisemeTimeline({ clock: () => 0 });
  const open = OCULUS.map((name) => (name === "aa" ? 255 : 0));
  timeline.add(withRows([open, open, open, open, open, open]), 0);
  timeline.add(payload([], 300), 60);
  assert.equal(timeline.weights("oculus", 200).aa, 1);
  assert.equal(timeline.weights("oculus", 401).sil, 1);
});

test("rows of one set are shown in another, those of arkit as they are", () => {
  const timeline = new VisemeTimeline({ clock: () => 0 });
  const half = OCULUS.map((name) => ({ PP: 128, ou: 127 })[name] ?? 0);
  timeline.add(withRows(Array(20).fill(half)), 0);
  const { sil, ou } = timeline.weights("vrm", 100);
  assert.ok(Math.abs(sil - 0.5) < 0.01 && Math.abs(ou - 0.5) < 0.01);
  assert.ok(Math.abs(timeline.weights("arkit", 100).mouthPucker - 0.35) < 0.01);

  const face = new VisemeTimeline({ clock: () => 0 });
  const names = ["jawOpen", "mouthFunnel", "browInnerUp"];
  face.add({ ...withRows(Array(20).fill([51, 102, 255]), { names }), visemes: [{ visemeId: 2, offset: 0 }] }, 0);
  const { jawOpen, mouthFunnel, browInnerUp } = face.weights("arkit", 100);
  assert.deepEqual([jawOpen, mouthFunnel, browInnerUp].map((value) => value.toFixed(3)), ["0.200", "0.400", "1.000"]);
  // Blendshapes are no visemes; there the visemes of the same message serve.
  assert.equal(face.weights("oculus", 100).aa, 1);
});

test("what follows an interruption does not go on with rows that were dropped", () => {
  const timeline = new VisemeTimeline({ clock: () => 100 });
  const row = (own) => OCULUS.map((name) => (name === own ? 255 : 0));
  timeline.add(withRows(Array(40).fill(row("aa"))), 0);
  timeline.interrupt();
  timeline.add(withRows(Array(40).fill(row("ou"))), 100);
  assert.equal(timeline.weights("oculus", 50).aa, 1);
  assert.equal(timeline.weights("oculus", 150).ou, 1);
  assert.equal(timeline.weights("oculus", 150).aa, 0);
});

test("an interruption while weights are shown: the mouth comes to rest, and no dropped row is shown again", () => {
  forAll((random) => {
    const clock = handClock();
    const timeline = new VisemeTimeline({ clock });
    const row = (own) => OCULUS.map((name) => (name === own ? 255 : 0));
    const [first, second] = [between(random, 2, 40), between(random, 1, 40)];
    // The audio that is played is `aa`. The rest is `E`; it arrives before or after the interruption.
    timeline.add(withRows(Array(first).fill(row("aa"))), 0);
    timeline.add(withRows(Array(second).fill(row("E")), { names: null }), 10 * first);
    clock.ms = 1 + random() * (10 * (first - 1) - 1);
    timeline.interrupt();
    timeline.skip(withRows(Array(second).fill(row("E")), { names: null }));
    assert.equal(timeline.endMs, clock.ms);
    assert.equal(timeline.speaking, false);
    for (let ms = clock.ms; ms < clock.ms + 1000; ms += 13) {
      const weights = timeline.weights("oculus", ms);
      assert.ok(Math.abs(sum(weights) - 1) < 1e-9);
      assert.equal(weights.E, 0, `${ms - clock.ms} ms after the interruption`);
      if (ms > clock.ms + 40) assert.equal(weights.sil, 1);
    }
    // The names came once: what follows the interruption does not repeat them.
    const start = clock.ms + between(random, 0, 500);
    timeline.add(withRows(Array(30).fill(row("ou")), { names: null }), start);
    for (let ms = start; ms < start + 300; ms += 13) {
      const { E, ou } = timeline.weights("oculus", ms);
      assert.equal(E, 0);
      if (ms > start + 40 && ms < start + 260) assert.equal(ou, 1);
    }
  });
});

test("two conversations at once show what each shows alone", () => {
  const presets = [undefined, "conversation", "fastSpeech"];
  forAll((random) => {
    const kinds = [0, 1].map(() => ({ clock: () => 0, shapes: "oculus", smoothing: presets[between(random, 0, 2)] }));
    const [together, alone] = [0, 1].map(() => kinds.map((options) => new VisemeTimeline(options)));
    const steps = Array.from({ length: 12 }, () => {
      const which = between(random, 0, 1);
      const rows = between(random, 1, 20);
      // Each conversation has columns of its own, named in its first message only.
      const names = which ? OCULUS : [...OCULUS].reverse();
      const payload = withRows(rowsOf(random, rows, names), { names, visemes: payloadOf(random, SHAPES.sapi, { duration: rows * 10 }).visemes });
      return { which, payload, kind: random() };
    });
    const named = [false, false];
    for (const { which, payload } of steps) {
      if (named[which]) delete payload.weights.names;
      named[which] = true;
    }
    const apply = (timeline, { payload, kind }) => {
      if (kind < 0.7) timeline.add(payload, Math.max(0, timeline.endMs));
      else if (kind < 0.8) timeline.skip(payload);
      else if (kind < 0.9) timeline.interrupt(Math.max(0, timeline.endMs) / 2);
      else timeline.finish();
    };
    for (const step of steps) apply(together[step.which], step);
    for (const which of [0, 1]) for (const step of steps) if (step.which === which) apply(alone[which], step);
    for (const which of [0, 1]) {
      assert.deepEqual(together[which].events(), alone[which].events());
      for (let ms = 0; ms < 2000; ms += 37) assert.deepEqual(together[which].weights("oculus", ms), alone[which].weights("oculus", ms));
    }
  });
});

// Bad input.

test("a payload that breaks the contract is ignored, with one warning", () => {
  const broken = [
    null, 5, "visemes", {}, { visemes: {} },
    payload([{ visemeId: 22, offset: 0 }], 100), payload([{ visemeId: -1, offset: 0 }], 100),
    payload([{ visemeId: 1.5, offset: 0 }], 100), payload([{ visemeId: "2", offset: 0 }], 100),
    payload([{ viseme: "QQ", offset: 0 }], 100), payload([{ offset: 0 }], 100), payload([null], 100),
    payload([cue(2, -1)], 100), payload([cue(2, 100)], 100), payload([cue(2, 50), cue(3, 20)], 100),
    payload([cue(2, "0")], 100), payload([cue(2, NaN)], 100),
    payload([], -1), payload([], Infinity), payload([], "100"),
    { ...payload([{ viseme: "aa", offset: 0 }], 100), shapes: "rhubarb" },
  ];
  for (const each of broken) {
    const timeline = new VisemeTimeline({ clock: () => 0, shapes: "sapi" });
    timeline.add(payload([cue(4, 0)], 100), 0);
    const texts = warnings(() => {
      for (let count = 0; count < 3; count += 1) assert.equal(timeline.add(each), null);
      timeline.skip(each);
    });
    // The same mistake was in a payload before.
    assert.ok(texts.length <= 1, JSON.stringify(each));
    for (const text of texts) assert.match(text, /^mascot-web: .*; ignored$/);
    assert.equal(timeline.endMs, 100);
    assert.equal(timeline.now("sapi", 50), 4);
  }
});

test("weights that cannot be used leave the visemes; members that are not known pass unharmed", () => {
  const broken = [
    { fps: 0, names: OCULUS, frames: "" }, { fps: "100", names: OCULUS, frames: "" }, { fps: 100, frames: "AAAA" },
    { fps: 100, names: OCULUS, frames: "AAAA" }, { fps: 100, names: OCULUS, frames: 7 }, "frames", 5,
    { fps: 100, names: ["smell"], frames: "AAAA" }, { fps: 100, names: OCULUS, frames: "%%%" },
    { version: 9, codec: "unheard-of", data: "x" },
  ];
  for (const weights of broken) {
    const timeline = new VisemeTimeline({ clock: () => 0, shapes: "sapi" });
    warnings(() => timeline.add({ ...payload([cue(2, 0)], 300), weights, mood: "glad", version: 3 }, 0));
    assert.equal(timeline.weights("sapi", 150)[2], 1, JSON.stringify(weights));
  }
});

test("any JSON is either taken or ignored, and never thrown at", () => {
  const values = (random, depth = 0) => {
    const kinds = [null, true, 0, -1, 21, 1e9, 0.5, "", "aa", "AAAA", "sil", [], {}];
    const pick = between(random, 0, depth > 3 ? kinds.length - 1 : kinds.length + 1);
    if (pick < kinds.length) return kinds[pick];
    if (pick === kinds.length) return Array.from({ length: between(random, 0, 3) }, () => values(random, depth + 1));
    const keys = ["visemes", "visemeId", "viseme", "offset", "audio_duration", "weights", "fps", "names", "frames", "shapes"];
    return Object.fromEntries(keys.filter(() => random() < 0.6).map((key) => [key, values(random, depth + 1)]));
  };
  warnings(() => {
    forAll((random) => {
      const timeline = new VisemeTimeline({ clock: () => 10 });
      for (let count = 0; count < 8; count += 1) {
        timeline.add(values(random), random() < 0.5 ? between(random, 0, 100) : undefined);
        for (const shapes of Object.keys(SHAPES)) {
          for (const weight of Object.values(timeline.weights(shapes))) assert.ok(weight >= 0 && weight <= 1 + 1e-9);
        }
        timeline.events();
      }
    }, 200);
  });
});

test("options that cannot be used name what can", () => {
  assert.throws(() => new VisemeTimeline({ shapes: "cartoon" }), /shapes: must be one of sapi, oculus/);
  assert.throws(() => new VisemeTimeline({ smoothing: "silky" }), /smoothing: must be one of default/);
});
