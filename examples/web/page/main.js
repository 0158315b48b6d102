/** The page: requests a connection from the backend, opens it with the provider's SDK, and draws the mouth. */

import { Mouth } from "./mouth.js";

const SDKS = {
  elevenlabs: () => import("./elevenlabs.js"),
  openai: () => import("./openai.js"),
  gemini: () => import("./gemini.js"),
};

/** Close codes without information: a normal end, and no code. */
const WELL = new Set([1000, 1005, undefined]);

const find = (id) => document.getElementById(id);
const mouth = new Mouth(find("face"));
let session = null;
let pieces = 0;

function draw(time) {
  mouth.show(session?.timeline.now() ?? 0, time);
  find("heard").textContent = `${pieces} pieces of audio, ${session?.timeline.changes ?? 0} mouth shapes`;
  requestAnimationFrame(draw);
}
requestAnimationFrame(draw);

function show(state, text) {
  find("status").textContent = text;
  find("status").dataset.state = state;
  find("provider").disabled = find("call").disabled = state === "connecting";
  find("call").textContent = state === "connected" ? "Hang up" : "Call";
  find("provider").disabled = state !== "idle";
  find("talk").disabled = state !== "connected";
  if (state !== "connected") find("microphone").checked = false;
}

async function call(provider) {
  show("connecting", "Connecting …");
  pieces = 0;
  let ended = false;
  try {
    const [{ connect }, answer] = await Promise.all([SDKS[provider](), ask(provider)]);
    const connected = await connect(answer, {
      onAudio: () => {
        pieces += 1;
      },
      onEnd: (code, reason) => {
        if (ended) return;
        ended = true;
        session = null;
        show("idle", `The call has ended${WELL.has(code) ? "" : ` with ${code}${reason && `: ${reason}`}`}.`);
      },
    });
    if (ended) return connected.hangUp();
    session = connected;
    show("connected", "Connected. Type, or switch the microphone on.");
  } catch (error) {
    // The close event has a better reason than the SDK's error.
    if (!ended) show("idle", `No connection: ${error.message ?? "the socket was refused"}`);
  }
}

/** The backend requests the connection from the mascot server, so that no key reaches the page. */
async function ask(provider) {
  const response = await fetch(`/connection/${provider}`, { method: "POST" });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

find("call").addEventListener("click", async () => {
  if (session) await session.hangUp();
  else await call(find("provider").value);
});

find("say").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = find("text").value.trim();
  if (text) session.say(text);
  find("text").value = "";
});

find("microphone").addEventListener("change", async ({ target }) => {
  try {
    await session.listen(target.checked);
  } catch (error) {
    target.checked = false;
    find("status").textContent = `No microphone: ${error.message}`;
  }
});
