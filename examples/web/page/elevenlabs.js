/** ElevenLabs: the SDK plays the sound and records. */

import { Conversation } from "@elevenlabs/client";
import { fromElevenLabs } from "mascot-web";

export async function connect({ signed_url: signedUrl }, { onAudio, onEnd }) {
  const { timeline, callbacks } = fromElevenLabs({ shapes: "sapi", leadMs: 30 });
  const conversation = await Conversation.startSession({
    signedUrl,
    ...callbacks,
    onAudio,
    onConversationCreated: (created) => created.setMicMuted(true),
    onDisconnect: ({ reason, closeCode, closeReason, message }) =>
      onEnd(closeCode, closeReason ?? message ?? `ended by ${reason}`),
  });
  return {
    timeline,
    say: (text) => conversation.sendUserMessage(text),
    listen: (on) => conversation.setMicMuted(!on),
    hangUp: () => conversation.endSession(),
  };
}
