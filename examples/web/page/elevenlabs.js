/** ElevenLabs: the SDK plays the sound and has the microphone; the lips go by their own clock. */

import { Conversation } from "@elevenlabs/client";

import { Lips } from "./lips.js";

/**
 * Seconds from the arrival of audio to its sound when nothing is playing. The SDK tells nobody where its loudspeaker
 * is: it plays what comes without gaps, and begins as soon as it comes.
 */
const LEAD = 0.05;

export async function connect({ signed_url: signedUrl }, { onAudio, onEnd }) {
  const seconds = () => performance.now() / 1000;
  const lips = new Lips(seconds);

  const conversation = await Conversation.startSession({
    signedUrl,
    // Public, "called for every incoming event received from the server", and so the one way to messages that the
    // SDK does not know. Without it (older versions) they go to `onDebug`. If it went away, the voice would go on
    // and the mouth stay closed.
    onIncomingEvent: (event) => {
      if (event.type === "visemes") lips.add(event, Math.max(seconds() + LEAD, lips.end));
    },
    onAudio,
    onInterruption: () => lips.clear(),
    onConversationCreated: (created) => created.setMicMuted(true),
    onDisconnect: ({ reason, closeCode, closeReason, message }) =>
      onEnd(closeCode, closeReason ?? message ?? `ended by ${reason}`),
  });
  return {
    lips,
    say: (text) => conversation.sendUserMessage(text),
    listen: (on) => conversation.setMicMuted(!on),
    hangUp: () => conversation.endSession(),
  };
}
