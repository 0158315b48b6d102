/** Visemes as events of their own, in the form of Azure. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { AzureVisemes } from "../../packages/mascot-web/src/azure.js";
import { between, forAll, warnings } from "./cases.js";

const event = (viseme_id, audio_offset_ms, response_id = "a") => ({ response_id, viseme_id, audio_offset_ms });
const offsets = ({ visemes }) => visemes.map(({ visemeId, offset }) => [visemeId, offset]);

test("offsets count from the audio of their message, for each response by itself", () => {
  const azure = new AzureVisemes();
  for (const each of [event(0, 0), event(2, 150), event(7, 0, "b"), event(21, 230)]) azure.add(each);
  assert.deepEqual(azure.payload("a", 200), { visemes: [{ visemeId: 0, offset: 0 }, { visemeId: 2, offset: 150 }], audio_duration: 200 });
  assert.deepEqual(offsets(azure.payload("b", 100)), [[7, 0]]);
  assert.deepEqual(offsets(azure.payload("a", 200)), [[21, 30]]);
  assert.deepEqual(offsets(azure.payload("a", 200)), []);
  azure.end("a");
  azure.add(event(4, 10));
  assert.deepEqual(offsets(azure.payload("a", 200)), [[4, 10]]);
});

test("without such events there is no payload", () => {
  assert.equal(new AzureVisemes().payload("a", 200), undefined);
});

test("an event that is late starts with the audio that follows", () => {
  const azure = new AzureVisemes();
  azure.add(event(2, 0));
  azure.payload("a", 200);
  azure.add(event(6, 120));
  azure.add(event(8, 260));
  assert.deepEqual(offsets(azure.payload("a", 200)), [[6, 0], [8, 60]]);
});

test("the first event of a connection can arrive after audio of its response", () => {
  const azure = new AzureVisemes();
  assert.equal(azure.payload("a", 300), undefined);
  assert.equal(azure.payload("b", 200), undefined);
  assert.equal(azure.payload("b", 100), undefined);
  for (const each of [event(2, 120, "b"), event(6, 350, "b"), event(8, 40)]) azure.add(each);
  assert.deepEqual(offsets(azure.payload("b", 200)), [[2, 0], [6, 50]]);
  // Of an earlier response nothing is kept, and a response that has ended begins anew.
  assert.deepEqual(offsets(azure.payload("a", 100)), [[8, 40]]);
  azure.end("b");
  azure.add(event(4, 10, "b"));
  assert.deepEqual(offsets(azure.payload("b", 200)), [[4, 10]]);
});

test("an event that breaks the contract is ignored, with one warning", () => {
  const azure = new AzureVisemes();
  const texts = warnings(() => {
    for (const broken of [event(22, 0), event("2", 0), event(2, "0"), event(2, NaN), event(2, null), {}]) azure.add(broken);
  });
  assert.equal(texts.length, 1);
  assert.match(texts[0], /^mascot-web: .*; ignored$/);
  assert.deepEqual(offsets(azure.payload("a", 200)), []);
});

test("payloads keep the contract, whatever order events have", () => {
  forAll((random) => {
    const azure = new AzureVisemes();
    for (let count = 0; count < 20; count += 1) {
      if (random() < 0.7) azure.add(event(between(random, 0, 21), between(random, -50, 2000)));
      const duration = between(random, 1, 300);
      const { visemes } = azure.payload("a", duration) ?? { visemes: [] };
      let earliest = 0;
      for (const { offset } of visemes) {
        assert.ok(offset >= earliest && offset < duration);
        earliest = offset;
      }
    }
  });
});
