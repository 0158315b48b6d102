"""Talk to a face in the terminal, through a mascot server and the official SDK of a provider.

    python -m examples.terminal_avatar --provider openai "What can you do?"

Without a key, the agent is simulated. To use a real provider, set OPENAI_API_KEY, GEMINI_API_KEY, or ELEVENLABS_API_KEY
with ELEVENLABS_AGENT_ID.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import os
import sys
import threading
import time
import warnings
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from elevenlabs.conversational_ai.conversation import AudioInterface
from google.genai.errors import APIError as GeminiError
from google.genai.types import AudioTranscriptionConfig, LiveConnectConfig, Modality
from openai import OpenAIError
from websockets.exceptions import WebSocketException

from examples.demo.drawing import as_encoded
from examples.offline import offline
from examples.silence import SilentPlayer
from examples.terminal import Screen, Strip
from mascot_client import (
    ElevenLabsConfig,
    MascotClient,
    MascotError,
    VisemeFeed,
    for_elevenlabs,
    for_gemini,
    for_openai,
)
from mascot_client.player import VisemePlayer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from examples.terminal import Display

QUESTIONS: Final = ("What can you do?", "And what else?")
GEMINI_MODEL: Final = os.environ.get("GEMINI_MODEL", "gemini-3.8-live")
FRAMES_PER_SECOND: Final = 30
FAST: Final = 5.0


class Talk:
    """A conversation: the questions, the player for the answers, and the captions.

    Attributes:
        questions: The questions, in order.
        player: The player for the agent's audio, with the mouth in time with it.
        captions: The captions, one line per turn.
    """

    def __init__(self, questions: Sequence[str], player: SilentPlayer | VisemePlayer) -> None:
        self.questions = questions
        self.player = player
        self.captions = [""]

    def asked(self, question: str) -> None:
        """Add a question to the captions."""
        self.captions[-1:] = [f"you: {question}", ""]

    def said(self, text: str | None) -> None:
        """Add text of the agent to the captions."""
        if text:
            self.captions[-1] = f"{self.captions[-1] or 'agent: '}{text}"

    def heard(self) -> None:
        """Wait until the answer has been played."""
        self.player.wait()
        if self.captions[-1]:
            self.captions.append("")


def talk_to_openai(talk: Talk) -> None:
    """Hold a conversation with OpenAI Realtime."""
    with MascotClient() as mascot:
        credentials = mascot.get_signed_url(for_openai.mint())
    with for_openai.connect(credentials) as connection:
        events = for_openai.listen(connection, VisemeFeed(on_interrupted=talk.player.interrupt))
        for question in talk.questions:
            talk.asked(question)
            connection.conversation.item.create(
                item={
                    "type": "message",
                    "role": "user",
                    "content": [{"type": "input_text", "text": question}],
                }
            )
            connection.response.create()
            for event in events:
                if event.type == "response.output_audio.delta":
                    talk.player.play(base64.b64decode(event.delta), for_openai.visemes(event))
                elif event.type == "response.output_audio_transcript.delta":
                    talk.said(event.delta)
                elif event.type == "error":
                    raise OpenAIError(event.error.message)
                elif event.type == "response.done":
                    break
            talk.heard()


def talk_to_gemini(talk: Talk) -> None:
    """Hold a conversation with Gemini Live. Its SDK supports asyncio only."""
    asyncio.run(_talk_to_gemini(talk))


async def _talk_to_gemini(talk: Talk) -> None:
    with MascotClient() as mascot:
        credentials = mascot.get_signed_url(await for_gemini.mint_async(model=GEMINI_MODEL))
    feed = VisemeFeed(on_interrupted=talk.player.interrupt)
    config = LiveConnectConfig(
        response_modalities=[Modality.AUDIO], output_audio_transcription=AudioTranscriptionConfig()
    )
    async with for_gemini.connect(credentials, model=GEMINI_MODEL, config=config) as session:
        for question in talk.questions:
            talk.asked(question)
            await session.send_realtime_input(text=question)
            async for message in for_gemini.listen(session.receive(), feed):
                if message.data:
                    talk.player.play(message.data, for_gemini.visemes(message))
                if message.server_content and message.server_content.output_transcription:
                    talk.said(message.server_content.output_transcription.text)
            await asyncio.to_thread(talk.heard)


class Loudspeaker(AudioInterface):
    """The audio interface for the ElevenLabs SDK."""

    def __init__(self, player: SilentPlayer | VisemePlayer, feed: VisemeFeed) -> None:
        self._player = player
        self._feed = feed
        self._payloads = iter(feed)
        self.messages = 0

    def start(self, input_callback: Callable[[bytes], None]) -> None:
        """Do nothing, because there is no microphone."""

    def stop(self) -> None:
        """Do nothing, because there is nothing to stop."""

    def output(self, audio: bytes) -> None:
        """Play audio. Its visemes arrived just before."""
        self._player.play(audio, next(self._payloads) if len(self._feed) else None)
        self.messages += 1

    def interrupt(self) -> None:
        """Drop the audio that has not been played."""
        self._player.interrupt()


def talk_to_elevenlabs(talk: Talk) -> None:
    """Hold a conversation with an ElevenLabs agent, which starts with a greeting."""
    config = ElevenLabsConfig(
        api_key=os.environ["ELEVENLABS_API_KEY"], agent_id=os.environ["ELEVENLABS_AGENT_ID"]
    )
    with MascotClient() as mascot:
        credentials = mascot.get_signed_url(config)
    feed = VisemeFeed()
    loudspeaker = Loudspeaker(talk.player, feed)
    conversation = for_elevenlabs.connect(
        credentials,
        agent_id=config.agent_id,
        on_visemes=feed,
        audio_interface=loudspeaker,
        callback_agent_response=talk.said,
    )
    conversation.start_session()
    _hear_answer(talk, loudspeaker, 0)
    for question in talk.questions:
        messages = loudspeaker.messages
        talk.asked(question)
        conversation.send_user_message(question)
        _hear_answer(talk, loudspeaker, messages)
    conversation.end_session()
    conversation.wait_for_session_end()


def _hear_answer(talk: Talk, loudspeaker: Loudspeaker, messages: int) -> None:
    """Wait for the start and the end of an answer. The provider does not report the end."""
    deadline = time.monotonic() + 30
    while loudspeaker.messages == messages:
        if time.monotonic() > deadline:
            raise TimeoutError("the agent did not answer within 30 s")
        time.sleep(0.02)
    while loudspeaker.messages != messages:
        messages = loudspeaker.messages
        talk.player.wait()
        time.sleep(0.3)
    talk.heard()


PROVIDERS: Final[dict[str, tuple[Callable[[Talk], None], int]]] = {
    "elevenlabs": (talk_to_elevenlabs, 16000),
    "openai": (talk_to_openai, 24000),
    "gemini": (talk_to_gemini, 24000),
}
"""The conversation function of each provider, and the sample rate of its audio in Hz."""


def run(talk: Talk, converse: Callable[[Talk], None], display: Display, speed: float) -> None:
    """Hold the conversation in a separate thread, because SDKs block, and draw in this thread."""
    failed: list[BaseException] = []

    def conversation() -> None:
        try:
            converse(talk)
        except BaseException as error:  # noqa: BLE001  (it is raised again in the main thread)
            failed.append(error)

    thread = threading.Thread(target=conversation, daemon=True)
    thread.start()
    start = time.monotonic()
    with display:
        while thread.is_alive() or talk.player.unheard_ms() > 0:
            now = (time.monotonic() - start) * 1000 * speed
            display.show(talk.player.mouth(), now, talk.captions)
            time.sleep(1 / FRAMES_PER_SECOND / speed)
        display.show(talk.player.mouth(), (time.monotonic() - start) * 1000 * speed, talk.captions)
    if failed:
        raise failed[0]


def _can_show_blocks() -> bool:
    """Return whether the output is a terminal whose encoding has the characters of a ``Screen``."""
    return sys.stdout.isatty() and as_encoded("▀", sys.stdout.encoding) == "▀"


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(prog="terminal_avatar", description=__doc__.partition("\n")[0])
    parser.add_argument("--provider", choices=PROVIDERS, default="openai", help="default: %(default)s")
    parser.add_argument("--sound", action="store_true", help="play the voice on the sound card")
    parser.add_argument(
        "--fast", action="store_true", help=f"{FAST:.0f} times faster than real time, simulated agents only"
    )
    parser.add_argument("questions", nargs="*", default=QUESTIONS, help="the questions, in order")
    options = parser.parse_args()
    if options.sound and options.fast:
        parser.error(
            "--sound: cannot be combined with --fast, because audio is played in real time; leave one out"
        )
    # Google's SDK logs this warning for each token; it would disturb the screen.
    warnings.filterwarnings("ignore", message="The SDK's token creation")
    converse, rate = PROVIDERS[options.provider]
    speed = FAST if options.fast else 1.0
    try:
        with ExitStack() as running:
            simulated = running.enter_context(offline(options.provider, speed=speed))
            player = (
                running.enter_context(VisemePlayer(sample_rate=rate))
                if options.sound
                else SilentPlayer(rate, speed)
            )
            title = f"{options.provider}{' (simulated)' if simulated else ''}"
            display: Display = Screen(title) if _can_show_blocks() else Strip()
            run(Talk(options.questions, player), converse, display, speed)
    except (MascotError, OpenAIError, GeminiError, WebSocketException, OSError) as error:
        raise SystemExit(f"terminal_avatar: {error}") from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
