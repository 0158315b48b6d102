"""The engines behind `mascotbot-tts`."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mascot_server import create_app, load_settings
from mascot_server.errors import BadRequest, SettingsError, Unavailable
from mascot_server.tts import BuiltInEngine
from mascot_server.tts.espeak import EspeakEngine

pytestmark = pytest.mark.anyio

VOICES = Path(__file__).parent / "voices"
SECRET = "a-secret-of-the-tests-of-more-than-32-bytes"


@pytest.fixture
def espeak() -> EspeakEngine:
    engine = EspeakEngine.installed()
    assert engine is not None
    return engine


def children() -> set[str]:
    """Processes of this one that run espeak-ng."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"espeak_process.py" in path.read_bytes() and f"PPid:\t{os.getpid()}\n" in (
                path.with_name("status").read_text()
            ):
                found.add(path.parent.name)
        except OSError:
            continue
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_a_listener_that_goes_ends_the_process(espeak: EspeakEngine) -> None:
    async with espeak.synthesise("A sentence that goes on. " * 200, "en-us", 1.0) as speech:
        async for block in speech.blocks:
            assert block
            break
        assert len(children()) == 1
    assert not children()


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_one_that_is_cancelled_too(espeak: EspeakEngine) -> None:
    speaking = asyncio.Event()

    async def listen() -> None:
        async with espeak.synthesise("A sentence that goes on. " * 200, "en-us", 1.0) as speech:
            async for _ in speech.blocks:
                speaking.set()
                await asyncio.sleep(10)

    task = asyncio.ensure_future(listen())
    await speaking.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not children()


async def test_several_speak_at_once_without_mixing(espeak: EspeakEngine) -> None:
    async def spoken(text: str, voice: str) -> bytes:
        async with espeak.synthesise(text, voice, 1.0) as speech:
            return b"".join([block async for block in speech.blocks])

    texts = [("one", "en-us"), ("satu dua tiga", "id"), ("a longer text of words", "en-us+f3")]
    alone = [await spoken(*text) for text in texts]
    assert await asyncio.gather(*(spoken(*text) for text in texts)) == alone
    assert len(set(alone)) == 3


async def test_an_engine_that_does_not_start(espeak: EspeakEngine, tmp_path: Path, caplog: Any) -> None:
    del espeak
    broken = EspeakEngine(tmp_path / "missing.so", tmp_path)
    with pytest.raises(Unavailable, match=r"^The built-in speech engine failed$"):
        await broken.voices()
    assert "espeak-ng ended with status 1" in caplog.text
    assert "missing.so" in caplog.text


async def test_without_any_engine_every_text_is_refused() -> None:
    engine = BuiltInEngine([])
    assert list(await engine.voices()) == []
    with pytest.raises(Unavailable, match=r"pip install 'mascot-server\[tts\]'"):
        async with engine.synthesise("text", "en-us", 1.0):
            pass


async def test_voices_of_several_engines_are_offered_together(espeak: EspeakEngine) -> None:
    engine = BuiltInEngine([BuiltInEngine([]), espeak])
    assert await engine.voices() == list(await espeak.voices())
    with pytest.raises(BadRequest, match=r"^Invalid voice ID specified$"):
        async with engine.synthesise("text", "nobody", 1.0):
            pass


def settings(**paths: Path) -> Any:
    return load_settings(secret=SECRET, api_keys="key", **paths)


CARD = {
    "audio": {"sample_rate": 22050},
    "espeak": {"voice": "en-us"},
    "language": {"code": "en_US"},
    "dataset": "tiny",
    "phoneme_type": "text",
    "num_symbols": 256,
    "num_speakers": 1,
    "phoneme_id_map": {"_": [0], "^": [1], "$": [2]} | {chr(c): [c] for c in range(32, 94)},
}
TEXT = "TWO WORDS. AND TWO MORE."


async def test_a_piper_voice_speaks(tmp_path: Path) -> None:
    pytest.importorskip("piper", reason="needs the extra piper")
    shutil.copy(VOICES / "tiny.onnx", tmp_path)
    (tmp_path / "tiny.onnx.json").write_text(json.dumps(CARD))
    engine = BuiltInEngine.of(settings(piper_voices=tmp_path))
    (voice, *_) = await engine.voices()
    assert (voice.id, voice.name, voice.language) == ("tiny", "tiny", "en_US")
    async with engine.synthesise(TEXT, "tiny", 1.0) as speech:
        assert speech.sample_rate == 22050
        sound = b"".join([block async for block in speech.blocks])
    assert len(sound) > 2 * 512 * len(TEXT)


async def test_kokoro_speaks_sentence_by_sentence(tmp_path: Path) -> None:
    pytest.importorskip("kokoro_onnx", reason="needs the extra kokoro")
    voices = tmp_path / "voices.bin"
    with voices.open("wb") as file:
        np.savez(file, af_heart=np.zeros((510, 1, 256), np.float32))
    engine = BuiltInEngine.of(settings(kokoro_model=VOICES / "kokoro.onnx", kokoro_voices=voices))
    async with engine.synthesise(f"{TEXT} ...", "af_heart", 1.0) as speech:
        assert speech.sample_rate == 24000
        blocks = [block async for block in speech.blocks]
    assert len(blocks) == 2
    assert all(len(block) > 2 * 512 for block in blocks)


class TestVoiceFiles:
    """Errors in them are reported at startup, with the name of the setting."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        (tmp_path / "a-voice.onnx").write_bytes(b"no model")
        (tmp_path / "a-voice.onnx.json").write_text("{}")
        return tmp_path

    async def test_no_folder_of_piper(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match=r"^MASCOT_PIPER_VOICES: must be a directory"):
            create_app(settings(piper_voices=tmp_path / "missing"))

    async def test_no_voice_in_it(self, tmp_path: Path) -> None:
        with pytest.raises(
            SettingsError, match=r"^MASCOT_PIPER_VOICES: the directory contains no NAME\.onnx"
        ):
            create_app(settings(piper_voices=tmp_path))

    @pytest.mark.parametrize("card", [None, "{", "[]", '{"language": "en"}'])
    async def test_no_description_of_it(self, folder: Path, card: str | None) -> None:
        path = folder / "a-voice.onnx.json"
        path.unlink() if card is None else path.write_text(card)
        words = (
            r"^MASCOT_PIPER_VOICES: a-voice\.onnx\.json, which describes a-voice\.onnx, is missing or damaged"
        )
        with pytest.raises(SettingsError, match=words):
            create_app(settings(piper_voices=folder))

    async def test_no_package(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "piper", None)
        words = r"^MASCOT_PIPER_VOICES: needs piper: pip install 'mascot-server\[piper\]'"
        with pytest.raises(SettingsError, match=words):
            create_app(settings(piper_voices=folder))

    async def test_a_piper_voice_that_is_none(self, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
        pytest.importorskip("piper", reason="needs the extra piper")
        engine = BuiltInEngine.of(settings(piper_voices=folder))
        assert (await engine.voices())[0].id == "a-voice"
        with pytest.raises(Unavailable, match=r"^voice: a-voice cannot be loaded on this server$"):
            async with engine.synthesise("text", "a-voice", 1.0):
                pass
        assert "the Piper voice a-voice cannot be loaded" in caplog.text

    async def test_one_file_of_kokoro_without_the_other(self, folder: Path) -> None:
        file = folder / "a-voice.onnx"
        with pytest.raises(SettingsError, match=r"^MASCOT_KOKORO_VOICES: must be the path of a file"):
            create_app(settings(kokoro_model=file))
        with pytest.raises(SettingsError, match=r"^MASCOT_KOKORO_MODEL: must be the path of a file"):
            create_app(settings(kokoro_voices=file))

    @pytest.mark.parametrize("content", [b"", b"no archive", b"PK\3\4 nor this", b"\x80\4."])
    async def test_kokoro_voices_that_are_none(self, folder: Path, content: bytes) -> None:
        file = folder / "voices.bin"
        file.write_bytes(content)
        with pytest.raises(SettingsError, match=r"^MASCOT_KOKORO_VOICES: contains no voices"):
            create_app(settings(kokoro_model=folder / "a-voice.onnx", kokoro_voices=file))

    @pytest.fixture
    def voices(self, folder: Path) -> Path:
        with (folder / "voices.bin").open("wb") as file:
            np.savez(
                file, af_heart=np.zeros((510, 1, 256), np.float32), bm_x=np.zeros((510, 1, 256), np.float32)
            )
        return folder / "voices.bin"

    async def test_no_kokoro(self, folder: Path, voices: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "kokoro_onnx", None)
        words = r"^MASCOT_KOKORO_MODEL: needs kokoro_onnx: pip install 'mascot-server\[kokoro\]'"
        with pytest.raises(SettingsError, match=words):
            create_app(settings(kokoro_model=folder / "a-voice.onnx", kokoro_voices=voices))

    async def test_a_kokoro_model_that_is_none(self, folder: Path, voices: Path) -> None:
        pytest.importorskip("kokoro_onnx", reason="needs the extra kokoro")
        engine = BuiltInEngine.of(settings(kokoro_model=folder / "a-voice.onnx", kokoro_voices=voices))
        first, second = (await engine.voices())[:2]
        assert (first.id, first.language, first.gender) == ("af_heart", "en-us", "female")
        assert (second.id, second.language, second.gender) == ("bm_x", "en-gb", "male")
        with pytest.raises(Unavailable, match=r"^voice: Kokoro's voices cannot be loaded on this server$"):
            async with engine.synthesise("text", "af_heart", 1.0):
                pass
