"""What is public, and what is imported when."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.metadata import version_of

import mascot_client
from mascot_client import for_elevenlabs, for_gemini, for_openai, player

if TYPE_CHECKING:
    from types import ModuleType

# Runs in a process of its own: refuses every import of a package, as if it were not installed.
BLOCK = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name == {package!r} or name.startswith({package!r} + "."):
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocker())
from mascot_client import GeminiCredentials, MissingExtraError, SignedUrl, for_elevenlabs, for_gemini, for_openai
url = SignedUrl("wss://h/v1/conversation?token=t")
credentials = GeminiCredentials("k", "https://h")
try:
    {call}
except MissingExtraError as error:
    print(error)
"""


def run(code: str) -> str:
    source = str(Path(mascot_client.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {source!r})\n{code}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_public_names() -> None:
    assert mascot_client.__all__ == [
        "SMOOTHING_PRESETS",
        "APIConnectionError",
        "APIError",
        "APIStatusError",
        "APITimeoutError",
        "AsyncMascotClient",
        "AudioDeviceError",
        "AuthenticationError",
        "BadRequestError",
        "BlendWeights",
        "ConfigurationError",
        "ElevenLabsConfig",
        "GeminiConfig",
        "GeminiCredentials",
        "MascotClient",
        "MascotError",
        "MissingExtraError",
        "Mouth",
        "OpenAIConfig",
        "ProtocolError",
        "RateLimitError",
        "SignedUrl",
        "Smoother",
        "Smoothing",
        "Timeline",
        "UnavailableError",
        "VisemeEvent",
        "VisemeFeed",
        "Visemes",
        "smooth",
    ]
    assert for_elevenlabs.__all__ == ["connect", "connect_async"]
    assert player.__all__ == ["AudioOutput", "SoundDeviceOutput", "VisemePlayer"]
    assert for_gemini.__all__ == [
        "client",
        "connect",
        "interrupted",
        "listen",
        "mint",
        "mint_async",
        "visemes",
    ]
    assert for_openai.__all__ == [
        "Interruptions",
        "VisemeReader",
        "connect",
        "connect_async",
        "connect_live",
        "connect_live_async",
        "interrupted",
        "listen",
        "listen_async",
        "mint",
        "mint_async",
        "visemes",
    ]


@pytest.mark.parametrize("module", [mascot_client, for_elevenlabs, for_gemini, for_openai, player])
def test_every_public_name_is_there_and_documented(module: ModuleType) -> None:
    for name in module.__all__:
        assert name.isupper() or getattr(module, name).__doc__, name


def test_no_sdk_is_imported_before_it_is_used() -> None:
    code = """
import mascot_client, mascot_client.for_elevenlabs, mascot_client.for_gemini, mascot_client.for_openai
import mascot_client.player
print([name for name in ("elevenlabs", "google.genai", "openai", "websockets", "sounddevice") if name in sys.modules])
"""
    assert run(code) == "[]"


@pytest.mark.parametrize(
    ("extra", "package", "call"),
    [
        ("elevenlabs", "elevenlabs", "for_elevenlabs.connect(url, agent_id='a', on_visemes=print)"),
        ("elevenlabs", "elevenlabs", "for_elevenlabs.connect_async(url, agent_id='a', on_visemes=print)"),
        ("openai", "openai", "for_openai.connect(url)"),
        ("openai", "openai", "for_openai.connect_async(url)"),
        ("openai", "websockets", "for_openai.connect(url)"),
        ("openai", "openai", "for_openai.mint('sk-x')"),
        ("gemini", "google.genai", "for_gemini.mint('AIza')"),
        ("gemini", "google", "for_gemini.client(credentials)"),
        ("gemini", "google.genai", "for_gemini.client(credentials)"),
    ],
)
def test_a_missing_sdk_is_named_with_its_pip_line(extra: str, package: str, call: str) -> None:
    if package == "websockets":
        pytest.importorskip("openai", reason="needs the extra mascot-client[openai]")
    answer = run(BLOCK.format(package=package, call=call))
    assert answer == f'the {extra} SDK is not installed; run: pip install "mascot-client[{extra}]"'


def test_the_version_is_that_of_the_distribution(tmp_path: Path) -> None:
    assert version_of("mascot_client", tmp_path) == "9.8.7"
