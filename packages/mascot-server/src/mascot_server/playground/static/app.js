/** Puts the page together: controls, conversation, voice and what is drawn of them. */

import * as api from "./api.js";
import { microphoneMissing, openMicrophone } from "./audio/microphone.js";
import { Conversation } from "./conversation.js";
import { choices, legend, mark, number, suggestions } from "./panels/controls.js";
import { fileDrop } from "./panels/files.js";
import { Log } from "./panels/log.js";
import { Stage } from "./panels/stage.js";
import { Strip } from "./panels/strip.js";
import { tabs } from "./panels/tabs.js";
import { theme } from "./panels/theme.js";
import { Transcript } from "./panels/transcript.js";
import { Speech } from "./speech.js";
import { Voice } from "./voice.js";

// So long after the last sound a turn counts as over: not every provider says so.
const TURN_OVER_MS = 900;
// Root mean square from which the microphone hears somebody; only the latency is counted from there.
const LOUD = 0.02;
const QUESTIONS = ["What can you do?", "When does the ferry leave?", "And the weather?"];
const STATES = {
  closed: "Ready",
  connecting: "Connecting…",
  listening: "Listening",
  thinking: "Thinking…",
  speaking: "Speaking",
  file: "Playing your file",
};
const $ = (id) => document.getElementById(id);
const voice = new Voice();
const strip = new Strip($("strip"));
const stage = new Stage({ svg: $("face"), section: $("stage"), avatars: $("avatars") });
const transcript = new Transcript({
  list: $("talk"), aloud: $("said-aloud"), caption: $("caption"), panel: $("panel-talk"),
});
const speech = new Speech({ voice, strip, transcript });
const log = new Log({
  list: $("log"), count: $("log-count"), filter: $("log-filter"), audio: $("log-audio"), sent: $("log-out"),
  clear: $("log-clear"),
});

/** @type {api.Config} */
let config;
/** @type {Conversation | null} */
let conversation = null;
let starting = null;
let closeMicrophone = null;
let state = "closed";
let askedAt = null;
let quietSince = null;

function show(next, aloud = STATES[next]) {
  if (next === state) return;
  state = next;
  $("status").dataset.state = next;
  $("status-text").textContent = STATES[next];
  $("status-aloud").textContent = aloud;
}

function warn(text) {
  $("alert-text").textContent = text;
  $("alert").hidden = !text;
}

function provider() {
  return config.providers.find(({ id }) => id === $("providers").querySelector(":checked").value);
}

function showPartner() {
  $("start").textContent = conversation ? "End" : "Start";
  $("start").classList.toggle("ending", conversation !== null);
  mark($("partner"), $("partner-text"), provider());
}

/**
 * Connects if there is no connection; resolves when the agent listens, and rejects after telling the user
 * why.
 */
function start() {
  if (conversation?.ready) return Promise.resolve();
  starting ??= connect().finally(() => {
    starting = null;
  });
  return starting;
}

async function connect() {
  warn("");
  show("connecting");
  try {
    await voice.player.open();
    const answer = await api.connect(
      provider().id, $("viseme-model").value, $("weights").checked, $("password").value,
    );
    askedAt = performance.now();
    conversation = new Conversation(provider(), answer);
  } catch (error) {
    show("closed");
    warn(error.message);
    if (error.status === 401) $("password").focus();
    throw error;
  }
  showPartner();
  await new Promise((ready, failed) => follow(conversation, ready, failed));
}

function follow(one, ready, failed) {
  const on = (name, take) => one.addEventListener(name, ({ detail }) => one === conversation && take(detail));
  on("message", (message) => log.add(message));
  on("failed", ({ text }) => warn(text));
  on("interrupted", () => stopSpeaking());
  on("sound", ({ sound, samples }) => hear(sound, samples));
  on("said", ({ who, text, ahead, piece }) => {
    if (who === "agent") speech.said(text, ahead);
    else if (piece) transcript.spokePiece(text);
    else transcript.spoke(text);
  });
  // An answer without sound.
  on("done", () => state === "thinking" && show("listening"));
  on("asked", ({ text }) => transcript.wrote(text));
  on("state", ({ state: next, text }) => {
    if (next === "closed") {
      end();
      if (text) warn(text);
      failed(new Error(text ?? "closed"));
      return;
    }
    show(next);
    if (next === "listening") ready();
  });
}

function end() {
  const ending = conversation;
  conversation = null;
  ending?.close();
  muteMicrophone();
  speech.stop();
  transcript.close();
  show("closed");
  showPartner();
}

function hear(sound, samples) {
  const begins = sound.turn !== voice.turn.id;
  const aheadMs = speech.sound(sound, samples);
  if (aheadMs === null) return;
  number($("number-ahead"), aheadMs, "ms");
  if (begins && askedAt !== null) number($("number-answer"), performance.now() - askedAt, "ms");
  if (begins) askedAt = null;
}

/** The sound stops and the mouth closes; the provider is told what was heard. */
function stopSpeaking() {
  const stopped = speech.stop();
  if (stopped && state !== "file") conversation?.cutOff(stopped.turn, stopped.heardMs);
}

async function write(text) {
  await start();
  stopSpeaking();
  askedAt = performance.now();
  conversation.write(text);
}

async function talk() {
  if (closeMicrophone) {
    muteMicrophone();
    return;
  }
  await start();
  const one = conversation;
  const take = (base64, level) => {
    one.hear(base64);
    if (level > LOUD) askedAt = performance.now();
    $("mic").style.setProperty("--level", Math.min(1, level * 5).toFixed(3));
  };
  try {
    closeMicrophone = await openMicrophone(voice.player.context, one.protocol.inputRate, take);
    $("mic").setAttribute("aria-pressed", "true");
  } catch (error) {
    warn(`No microphone: ${error.message}`);
  }
}

function muteMicrophone() {
  closeMicrophone?.();
  closeMicrophone = null;
  $("mic").setAttribute("aria-pressed", "false");
  $("mic").style.setProperty("--level", "0");
}

async function playFile(file) {
  warn("");
  show("connecting", `Reading ${file.name}`);
  try {
    const context = await voice.player.open();
    const [payload, audio] = await Promise.all([
      api.visemesOf(file, $("viseme-model").value, $("weights").checked, $("password").value),
      file.arrayBuffer().then((bytes) => context.decodeAudioData(bytes)),
    ]);
    stopSpeaking();
    speech.recording(file.name, audio, payload);
    show("file", `Playing ${file.name}`);
  } catch (error) {
    show(conversation ? "listening" : "closed");
    warn(error instanceof DOMException ? "The browser cannot play this file." : error.message);
  }
}

/** Once for each picture: what is heard now decides what is seen. */
function frame() {
  const { heardMs } = voice;
  const mouth = voice.mouth();
  stage.draw({
    mouth,
    nowMs: performance.now(),
    loudness: mouth.speaking ? strip.loudness(heardMs) : 0,
    attentive: closeMicrophone !== null || state === "thinking",
  });
  strip.draw(heardMs, stage.calm.matches);
  transcript.hear(heardMs);
  $("interrupt").disabled = !voice.busy;
  if (voice.busy) {
    quietSince = null;
    if (mouth.speaking && state !== "file") show("speaking");
  } else if (state === "speaking" || state === "file") {
    quietSince ??= performance.now();
    if (state === "file" || performance.now() - quietSince > TURN_OVER_MS) turnOver();
  }
  requestAnimationFrame(frame);
}

function turnOver() {
  transcript.close();
  show(conversation ? "listening" : "closed");
}

function showNumbers() {
  if (voice.player.latencyMs) number($("number-output"), voice.player.latencyMs, "ms");
  const { rate } = voice;
  if (rate !== null) number($("number-rate"), rate, "/ s");
}

async function begin() {
  config = await api.config();
  choices($("providers"), "provider", config.providers, showPartner);
  $("viseme-model").append(...config.viseme_models.map(({ id, name }) => new Option(name, id)));
  $("password-field").hidden = !config.password;
  // Only then: browsers offer to fill in and to keep what looks like a password.
  if (config.password) $("password").type = "password";
  suggestions($("suggestions"), QUESTIONS, (text) => write(text).catch(() => {}));
  showPartner();
  $("start").disabled = false;
}

function listen() {
  const on = (id, event, take) => $(id).addEventListener(event, take);
  // What is asked for goes into a new conversation at once.
  const again = () => {
    if (!conversation) return;
    end();
    start().catch(() => {});
  };
  on("providers", "change", again);
  on("viseme-model", "change", again);
  on("weights", "change", again);
  on("connect", "submit", (event) => {
    event.preventDefault();
    if (conversation) end();
    else start().catch(() => {});
  });
  on("composer", "submit", (event) => {
    event.preventDefault();
    const text = $("write").value.trim();
    $("write").value = "";
    if (text) write(text).catch(() => {});
  });
  on("interrupt", "click", () => {
    stopSpeaking();
    turnOver();
    // The button is disabled now, and must not keep the focus.
    $("write").focus();
  });
  on("mic", "click", () => talk().catch(() => {}));
  on("alert-close", "click", () => warn(""));
}

const missing = microphoneMissing();
$("mic").disabled = missing !== null;
$("mic").title = missing ?? "";
legend($("legend"));
tabs($("tabs"));
theme($("theme"), () => strip.paint());
fileDrop({ input: $("file"), overlay: $("drop"), take: playFile });
new MutationObserver(() => {
  $("welcome").hidden = $("talk").childElementCount > 0;
}).observe($("talk"), { childList: true });
listen();
setInterval(showNumbers, 500);
requestAnimationFrame(frame);
begin().catch((error) => warn(error.message));
