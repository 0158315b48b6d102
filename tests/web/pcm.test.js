/** Audio as it travels, loudness, and the change of rate. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Resampler, base64, between, decode, forAll, fromBase64, loudnessPayload } from "./cases.js";

test("base64 of either alphabet, padded or not", () => {
  forAll((random) => {
    const bytes = Uint8Array.from({ length: between(random, 0, 50) }, () => between(random, 0, 255));
    for (const text of [base64(bytes), Buffer.from(bytes).toString("base64url")]) {
      assert.deepEqual(fromBase64(text), bytes);
    }
  });
});

test("PCM16 is little-endian, at any place in its buffer, and an odd last byte is left out", () => {
  forAll((random) => {
    const samples = Array.from({ length: between(random, 0, 40) }, () => between(random, -32768, 32767));
    const shift = between(random, 0, 3);
    const view = new DataView(new ArrayBuffer(shift + 2 * samples.length + 1));
    samples.forEach((sample, index) => view.setInt16(shift + 2 * index, sample, true));
    const decoded = decode(new Uint8Array(view.buffer, shift), { encoding: "pcm16", rate: 16000 });
    assert.deepEqual([...decoded], samples.map((sample) => sample / 32768));
  });
});

test("µ-law and A-law are those of G.711: known values, odd symmetry, rising order", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const [ulaw, alaw] = ["ulaw", "alaw"].map((encoding) => [...decode(bytes, { encoding, rate: 8000 })]);
  assert.deepEqual([0xff, 0x7f, 0x00, 0x80, 0xf0].map((byte) => ulaw[byte] * 32768), [0, -0, -32124, 32124, 120]);
  assert.deepEqual([0xd5, 0x55, 0x2a, 0xaa].map((byte) => alaw[byte] * 32768), [8, -8, -32256, 32256]);
  for (let byte = 0; byte < 128; byte += 1) {
    assert.equal(ulaw[byte], -ulaw[byte | 0x80]);
    assert.equal(alaw[byte], -alaw[byte | 0x80]);
    if (byte) assert.ok(ulaw[byte] > ulaw[byte - 1]);
  }
});

test("a change of rate leaves no seam, however the sound is cut", () => {
  forAll((random) => {
    const [source, target] = [[16000, 48000], [24000, 44100], [48000, 16000], [8000, 48000]][between(random, 0, 3)];
    const tone = Float32Array.from({ length: source / 10 }, (_, at) => Math.sin((2 * Math.PI * 440 * at) / source));
    const whole = new Resampler(source, target).push(tone);
    const resampler = new Resampler(source, target);
    const pieces = [];
    for (let at = 0; at < tone.length; ) {
      const size = between(random, 1, 400);
      pieces.push(...resampler.push(tone.slice(at, at + size)));
      at += size;
    }
    assert.equal(pieces.length, whole.length);
    pieces.forEach((sample, at) => assert.ok(Math.abs(sample - whole[at]) < 1e-6));
    for (let at = 300; at < whole.length - 300; at += 1) {
      assert.ok(Math.abs(whole[at] - Math.sin((2 * Math.PI * 440 * at) / target)) < 0.01);
    }
  }, 12);
});

test("audio without visemes moves the mouth by its loudness", () => {
  const samples = Float32Array.from({ length: 3200 }, (_, at) => (at < 1600 ? 0.3 : 0));
  assert.deepEqual(loudnessPayload(samples, 16000), {
    visemes: [{ offset: 0, visemeId: 2 }, { offset: 100, visemeId: 0 }],
    audio_duration: 200,
  });
});
