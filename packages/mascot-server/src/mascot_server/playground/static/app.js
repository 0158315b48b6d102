/** Puts the page together: controls, conversation, voice and what is drawn of them. */

import * as api from "./api.js";
import { microphoneMissing, openMicrophone } from "./audio/microphone.js";
import { Conversation } from "./conversation.js";
import { choices, legend, mark, number, suggestions } from "./panels/controls.js";
import { FileDrop } from "./panels/files.js";
import { Log } from "./panels/log.js";
import { Stage } from "./panels/stage.js";
import { Strip, peaksOf } from "./panels/strip.js";
import { tabs } from "./panels/tabs.js";
import { theme } from "./panels/theme.js";
import { Transcript } from "./panels/transcript.js";
import { Voice } from "./voice.js";

// So long after the last sound a turn counts as over, where the provider does not say.
const TURN_OVER_MS = 900;
const LOUD = 0.02;

const $ = (id) => document.getElementById(id);
const voice = new Voice();
const strip = new Strip($("strip"));
const stage = new Stage({ svg: $("face"), section: document.querySelector(".stage"), avatars: $("avatars") });
const transcript = new Transcript({ list: $("talk"), aloud: $("said-aloud"), caption: $("caption"), panel: $("panel-talk") });
const log = new Log({
  list: $("log"), count: $("log-count"), filter: $("log-filter"), audio: $("log-audio"), sent: $("log-out"),
  clear: $("log-clear"),
});

/** @type {Conversation | null} */
let conversation = null;
let closeMicrophone = null;
let wanted = Promise.resolve();
let state = "closed";
let askedAt = null;
let wordsAhead = [];
let quietSince = null;
let fileName = null;
/** @type {api.Config} */
let config;

const STATES = {
  closed: "Ready", connecting: "Connecting…", listening: "Listening", thinking: "Thinking…", speaking: "Speaking",
  file: "Playing your file",
};

function show(next, text) {
  if (next === state && !text) return;
  state = next;
  $("status").dataset.state = next;
  $("status-text").textContent = STATES[next];
  $("status-aloud").textContent = text ?? STATES[next];
}

function alert(text) {
  $("alert-text").textContent = text;
  $("alert").hidden = false;
}

function provider() {
  return config.providers.find(({ id }) => id === $("providers").querySelector(":checked").value);
}

function connected() {
  $("start").textContent = conversation ? "End" : "Start";
  $("start").classList.toggle("ending", conversation !== null);
  const { name, simulated, model } = provider();
  mark($("partner"), $("partner-text"), { name, simulated, model });
}

/** Connects if there is no connection; resolves when the agent listens. */
async function start() {
  if (conversation?.ready) return;
  if (state === "connecting") return wanted;
  wanted = connect();
  return wanted;
}

async function connect() {
  $("alert").hidden = true;
  show("connecting");
  try {
    await voice.player.open();
    const answer = await api.connect(provider().id, $("viseme-model").value, $("password").value);
    askedAt = performance.now();
    conversation = new Conversation(provider(), answer);
  } catch (error) {
    show("closed");
    if (error.status === 401) $("password").focus();
    alert(error.message);
    throw error;
  }
  connected();
  await new Promise((ready, failed) => follow(conversation, ready, failed));
}

function follow(one, ready, failed) {
  const on = (name, take) => one.addEventListener(name, ({ detail }) => one === conversation && take(detail));
  on("message", (detail) => log.add(detail));
  on("failed", ({ text }) => alert(text));
  on("interrupted", () => interrupted());
  on("sound", ({ sound, samples }) => sounded(sound, samples));
  on("said", ({ who, text, ahead, piece }) => {
    if (who === "agent") said(text, ahead);
    else if (piece) transcript.spokePiece(text);
    else transcript.spoke(text);
  });
  on("asked", ({ text }) => transcript.wrote(text));
  on("state", ({ state: next, text }) => {
    if (next === "closed") {
      end();
      if (text) alert(text);
      failed(new Error(text ?? "closed"));
    } else {
      show(next);
      if (next === "listening") ready();
    }
  });
}

function end() {
  const ending = conversation;
  conversation = null;
  ending?.close();
  muteMicrophone();
  interrupted();
  transcript.close();
  show("closed");
  connected();
}

/** Plays a message's audio, and moves the mouth to it. */
function sounded(sound, samples) {
  const cues = sound.payload?.visemes ?? null;
  if (!sound.turn) {
    // Of a turn that the user has cut off.
    voice.timeline.hold(cues ?? []);
    return;
  }
  if (askedAt !== null) number($("number-answer"), performance.now() - askedAt, "ms");
  askedAt = null;
  if (sound.turn !== voice.turn.id) transcript.close();
  const segment = voice.say(sound.turn, samples, sound.format.rate, cues);
  const words = sound.words.map(({ offsetMs, text }) => ({ atMs: segment.startMs + offsetMs, text }));
  words.push(...wordsAhead.map((text) => ({ atMs: segment.startMs, text })));
  wordsAhead = [];
  strip.add({ segment, peaks: peaksOf(samples, sound.format.rate), words });
  if (words.length) transcript.agent(words);
  number($("number-ahead"), segment.startMs - voice.heardMs, "ms");
}

function said(text, ahead) {
  const last = strip.pieces.at(-1);
  if (ahead || !last) {
    wordsAhead.push(text);
    return;
  }
  const word = { atMs: last.segment.startMs, text };
  last.words.push(word);
  transcript.agent([word]);
}

/** The sound stops and the mouth closes; the provider is told what was heard. */
function interrupted() {
  wordsAhead = [];
  const stopped = voice.stop();
  if (!stopped) return;
  strip.cut(stopped.atMs);
  transcript.cut(stopped.atMs);
  if (fileName === null) conversation?.cutOff(stopped.turn, stopped.heardMs);
  fileName = null;
}

async function write(text) {
  await start();
  interrupted();
  askedAt = performance.now();
  conversation.write(text);
}

async function talk() {
  if (closeMicrophone) return muteMicrophone();
  await start();
  const one = conversation;
  const hear = (base64, level) => {
    one.hear(base64);
    if (level > LOUD) askedAt = performance.now();
    $("mic").style.setProperty("--level", Math.min(1, level * 5).toFixed(3));
  };
  try {
    closeMicrophone = await openMicrophone(voice.player.context, one.protocol.inputRate, hear);
  } catch (error) {
    alert(`No microphone: ${error.message}`);
    return undefined;
  }
  $("mic").setAttribute("aria-pressed", "true");
  return undefined;
}

function muteMicrophone() {
  closeMicrophone?.();
  closeMicrophone = null;
  $("mic").setAttribute("aria-pressed", "false");
}

async function playFile(file) {
  $("alert").hidden = true;
  show("connecting", `Reading ${file.name}`);
  $("status-text").textContent = "Reading your file…";
  try {
    const context = await voice.player.open();
    const [cues, audio] = await Promise.all([
      api.visemesOf(file, $("viseme-model").value, $("password").value),
      file.arrayBuffer().then((bytes) => context.decodeAudioData(bytes)),
    ]);
    interrupted();
    transcript.wrote(`${file.name}: ${audio.duration.toFixed(1)} s, ${cues.length} visemes`);
    fileName = file.name;
    const samples = audio.getChannelData(0);
    voice.timeline.hold([{ visemeId: 0, offset: 0 }]);
    const segment = voice.say(`file ${performance.now()}`, samples, audio.sampleRate, cues);
    strip.add({ segment, peaks: peaksOf(samples, audio.sampleRate), words: [] });
    show("file", `Playing ${file.name}`);
  } catch (error) {
    show(conversation ? "listening" : "closed");
    alert(error instanceof DOMException ? "The browser cannot play this file." : error.message);
  }
}

/** Once for each picture: what is heard now decides what is seen. */
function frame() {
  const heardMs = voice.heardMs;
  const mouth = voice.timeline.mouth(heardMs);
  const { busy } = voice;
  stage.draw({
    mouth, nowMs: performance.now(), loudness: mouth.speaking ? strip.loudness(heardMs) : 0,
    attentive: closeMicrophone !== null || state === "thinking",
  });
  strip.draw(heardMs);
  transcript.hear(heardMs);
  $("interrupt").disabled = !busy;
  if (busy) {
    quietSince = null;
    if (mouth.speaking && fileName === null) show("speaking");
  } else if (state === "speaking" || state === "file") {
    quietSince ??= performance.now();
    if (fileName !== null || performance.now() - quietSince > TURN_OVER_MS) turnOver();
  }
  requestAnimationFrame(frame);
}

function turnOver() {
  fileName = null;
  transcript.close();
  show(conversation ? "listening" : "closed");
}

function numbers() {
  number($("number-output"), voice.player.context && voice.player.latencyMs, "ms");
  const from = voice.heardMs - 5000;
  const heard = voice.timeline.segments.filter(({ startMs, endMs }) => endMs > from && startMs < voice.heardMs);
  const spoken = heard.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
  const changes = heard.reduce((sum, { cues }) => sum + cues.length, 0);
  if (spoken > 500) number($("number-rate"), (1000 * changes) / spoken, "/ s");
}

async function begin() {
  config = await api.config();
  choices($("providers"), "provider", config.providers, connected);
  $("viseme-model").append(...config.viseme_models.map(({ id, name }) => new Option(name, id)));
  $("password-field").hidden = !config.password;
  suggestions($("suggestions"), ["What can you do?", "When does the ferry leave?", "And the weather?"], (text) =>
    write(text).catch(() => {}),
  );
  legend($("legend"));
  connected();
  $("start").disabled = false;
}

const again = () => conversation && (end(), start().catch(() => {}));
$("providers").addEventListener("change", again);
$("viseme-model").addEventListener("change", again);
$("connect").addEventListener("submit", (event) => {
  event.preventDefault();
  if (conversation) end();
  else start().catch(() => {});
});
$("interrupt").addEventListener("click", () => {
  interrupted();
  turnOver();
  $("write").focus();
});
$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("write").value.trim();
  if (!text) return;
  $("write").value = "";
  write(text).catch(() => {});
});
$("mic").addEventListener("click", () => talk().catch(() => {}));
$("alert-close").addEventListener("click", () => ($("alert").hidden = true));
const missing = microphoneMissing();
if (missing) {
  $("mic").disabled = true;
  $("mic").title = missing;
}
tabs(document.querySelector("[role=tablist]"));
theme($("theme"), () => strip.paint());
new FileDrop({ input: $("file"), overlay: $("drop"), take: playFile });
new MutationObserver(() => ($("welcome").hidden = $("talk").childElementCount > 0)).observe($("talk"), { childList: true });
setInterval(numbers, 500);
requestAnimationFrame(frame);
begin().catch((error) => alert(error.message));
