"""Makes training examples: stretches of speech, pauses and cut-offs as a live stream would bring them.

The front end works at any rate, so a change of speed needs no resampling: the samples are read as if they had been
taken at another rate. That moves the formants too; `_warp` moves them alone, as a longer or shorter vocal tract does.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from scipy.fft import irfft, next_fast_len, rfft
from scipy.signal import fftconvolve, lfilter, resample_poly

from mascot_visemes.features import BANDS, LOG_FLOOR, FeatureStream, band_centres
from tools.train.corpus import HOP, RATE
from tools.train.interludes import interlude
from tools.train.treat import held, overloaded, pitched, whispered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tools.train.corpus import Corpus, Utterance

# Rates to resample to, as (rate, up, down), and how often.
_RATES = [(16000, 1, 1), (8000, 1, 2), (24000, 3, 2), (22050, 441, 320), (11025, 441, 640)]
_RATE_SHARE = [0.74, 0.14, 0.04, 0.04, 0.04]
_SPEEDS = np.linspace(0.88, 1.12, 13)
_WARPS = np.linspace(0.86, 1.14, 15)
# Codecs by soundfile's names, with the compression level: about 24 and 6 kbit/s (MP3, Opus).
_CODECS = (("MP3", "MPEG_LAYER_III", 0.8), ("OGG", "OPUS", 1.0))
# Vowels that can be held: no diphthong, no schwa.
_VOWELS = frozenset(
    {"AA", "AE", "AH", "AO", "EH", "IH", "IX", "IY", "OE", "EU", "UE", "UH", "UW", "AAN", "AON", "EHN"}
)
_TELEPHONE = 8000  # the rate at which half the examples go through µ-law
# Shares of examples (of utterances, the last two) that are treated in each way.
_SPEED_SHARE = 0.4
_WARP_SHARE = 0.6
_CODEC_SHARE = 0.06
_BAND_LIMIT_SHARE = 0.05
_PAUSE_FIRST_SHARE = 0.2
_WHOLE_SHARE = 0.2
_REVERB_SHARE = 0.15
_PITCH_SHARE = 0.18
_PITCHES = (1.2, 2.2)  # of a voice made high, with the formants, which are then moved back in part
_FORMANTS_BACK = (0.6, 1.0)  # how far, as a power of the pitch: 1 leaves them where they are
_HELD_SHARE = 0.06  # of utterances
_WHISPER_SHARE = 0.02
_OVERLOAD_SHARE = 0.05
_TILT_SHARE = 0.3
_NOISE_SHARE = 0.3
_BABBLE, _WHITE = 0.4, 0.6  # upper ends of these kinds' parts of the noise; the rest falls with frequency
_CUT_OFF_SHARE = 0.15
_PAUSE_AFTER_SHARE = 0.7
_INTERLUDE_SHARE = 0.3


@lru_cache(maxsize=128)
def _features(rate: int) -> FeatureStream:
    return FeatureStream(rate)


def features(audio: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    """Log-mel bands of a whole recording, shape (frames, BANDS)."""
    stream = _features(rate)
    stream.reset()
    return stream.push(audio)[0]


class Examples:
    """Draws examples from the training split.

    Args:
        corpus: Where from.
        steps: Length of an example in 20 ms steps.
        ahead: Frames beyond the last step that are labelled too.
    """

    def __init__(self, corpus: Corpus, steps: int, ahead: int) -> None:
        self._corpus = corpus
        self._pool = corpus.split("train")
        weights = np.array([u.samples * corpus.language.weight(u.corpus) for u in self._pool])
        # Groups of corpora that have a share of their own, however much speech there is.
        groups = np.array([corpus.language.group(u.corpus) for u in self._pool])
        for group, share in corpus.language.shares.items():
            weights[groups == group] *= share / max(weights[groups == group].sum(), 1.0)
        self._vowels = np.array([label in _VOWELS for label in corpus.language.labels])
        self._cumulative = np.cumsum(weights / weights.sum())
        self._frames = 2 * steps
        self._ahead = ahead

    def draw(self, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """One example.

        Returns:
            Bands, shape (2 * steps, BANDS), and the number of each frame in the corpora, -1 where nobody speaks,
            shape (2 * steps + ahead,).
        """
        speed = float(rng.choice(_SPEEDS)) if rng.random() < _SPEED_SHARE else 1.0
        wanted = int((self._frames + self._ahead + 6) * max(1.0, speed)) + 1
        audio, frames = self._assemble(rng, wanted)
        pitch = float(rng.uniform(*_PITCHES)) if rng.random() < _PITCH_SHARE else 1.0
        if pitch > 1.0:
            audio = pitched(audio, pitch)
        elif rng.random() < _WHISPER_SHARE:
            audio = whispered(rng, audio)
        audio = self._colour(rng, audio)
        rate, up, down = _RATES[int(rng.choice(len(_RATES), p=_RATE_SHARE))]
        if up != down:
            audio = resample_poly(audio, up, down).astype(np.float32)
        audio = overloaded(rng, audio) if rng.random() < _OVERLOAD_SHARE else np.clip(audio, -1.0, 1.0)
        if rate == _TELEPHONE and rng.integers(2):
            audio = _mulaw_round_trip(audio)
        else:
            audio = np.round(audio * 32768.0).astype(np.float32) / np.float32(32768.0)
        bands = features(audio, round(rate * speed))[: self._frames]
        if rate == RATE and rng.random() < _BAND_LIMIT_SHARE:
            bands[:, rng.integers(26, 38) :] = LOG_FLOOR
        if pitch > 1.0:
            bands = _warped(bands, round(pitch ** -(1.0 - rng.uniform(*_FORMANTS_BACK) * rng.random()), 2))
        elif rng.random() < _WARP_SHARE:
            bands = _warped(bands, float(rng.choice(_WARPS)))
        centres = ((np.arange(self._frames + self._ahead) + 0.5) * speed).astype(int)
        return bands, frames[centres]

    def _utterance(self, rng: np.random.Generator) -> Utterance:
        return self._pool[min(int(np.searchsorted(self._cumulative, rng.random())), len(self._pool) - 1)]

    def _assemble(
        self, rng: np.random.Generator, frames: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Utterances one after the other, some cut off in the middle; between them digital silence or an interlude."""
        audio = np.zeros(frames * HOP, np.float32)
        numbers = np.full(frames, -1)
        at = int(rng.integers(1, 60)) if rng.random() < _PAUSE_FIRST_SHARE else 0
        whole = at > 0 or rng.random() < _WHOLE_SHARE
        while at < frames:
            u = self._utterance(rng)
            first = 0 if whole else int(rng.integers(0, max(1, u.frames - 50)))
            last = u.frames
            if rng.random() < _CUT_OFF_SHARE:
                last = first + int(rng.integers(10, max(11, u.frames - first + 1)))
            count = min(last - first, frames - at)
            source = self._corpus.audio[
                u.sample + first * HOP : u.sample + min((first + count) * HOP, u.samples)
            ]
            part = source.astype(np.float32) / np.float32(32768.0)
            which = np.arange(count)
            if rng.random() < _HELD_SHARE:
                vowels = self._vowels[self._corpus.learn[u.frame + first : u.frame + first + count]]
                part, which = held(rng, part, vowels, frames - at - count)
                count = len(which)
            audio[at * HOP : at * HOP + len(part)] = part * _gain(rng, -20.0, 8.0)
            numbers[at : at + count] = u.frame + first + which
            at += count
            if rng.random() < _INTERLUDE_SHARE:
                sound = audio[at * HOP : (at + int(rng.integers(40, 200))) * HOP]
                sound += interlude(rng, len(sound))
                at += len(sound) // HOP
            elif rng.random() < _PAUSE_AFTER_SHARE:
                at += int(rng.integers(10, 120))
            whole = True
        return audio, numbers

    def _colour(self, rng: np.random.Generator, audio: NDArray[np.float32]) -> NDArray[np.float32]:
        """Rooms, microphones and noise."""
        power = float(np.mean(audio**2)) + 1e-10
        if rng.random() < _REVERB_SHARE:
            audio = _reverberate(rng, audio)
        if rng.random() < _TILT_SHARE:
            tilt = rng.uniform(-0.5, 0.5)
            audio = lfilter([1.0, tilt], [1.0], audio).astype(np.float32)
        if rng.random() < _NOISE_SHARE:
            noise = self._noise(rng, len(audio))
            ratio = 10.0 ** (-rng.uniform(5.0, 40.0) / 10.0)
            audio = audio + noise * np.float32(np.sqrt(power * ratio / (np.mean(noise**2) + 1e-12)))
        if rng.random() < _CODEC_SHARE:
            audio = _coded(audio, *_CODECS[rng.integers(len(_CODECS))])
        return audio.astype(np.float32, copy=False)

    def _noise(self, rng: np.random.Generator, samples: int) -> NDArray[np.float32]:
        kind = rng.random()
        if kind < _BABBLE:
            noise = np.zeros(samples, np.float32)
            for _ in range(5):
                u = self._utterance(rng)
                voice = self._corpus.audio[u.sample : u.sample + u.samples].astype(np.float32)
                noise += np.resize(voice / (np.sqrt(np.mean(voice**2)) + 1.0), samples)
            return noise
        if kind < _WHITE:
            return rng.standard_normal(samples, np.float32)
        # Power falling by 3 (pink) to 6 dB an octave.
        length = next_fast_len(samples, real=True)
        white = rng.standard_normal(length, np.float32)
        spectrum = rfft(white) / np.arange(1, length // 2 + 2, dtype=np.float32) ** np.float32(
            rng.uniform(0.5, 1.0)
        )
        return np.asarray(irfft(spectrum, length)[:samples], np.float32)


def _gain(rng: np.random.Generator, low_db: float, high_db: float) -> np.float32:
    return np.float32(10.0 ** (rng.uniform(low_db, high_db) / 20.0))


def _reverberate(rng: np.random.Generator, audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Add a tail of decaying noise, 100 ms to 1.2 s to fall by 60 dB, the direct sound staying where it is."""
    seconds = 0.1 * 12.0 ** rng.random()
    time = np.arange(int(seconds * RATE)) / RATE
    tail = rng.standard_normal(len(time)) * 10.0 ** (-3.0 * time / seconds)
    tail *= rng.uniform(0.1, 1.5) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    return np.asarray(fftconvolve(audio, tail)[: len(audio)], np.float32)


def _coded(audio: NDArray[np.float32], container: str, codec: str, level: float) -> NDArray[np.float32]:
    """What a lossy codec leaves of the audio; soundfile takes its delay out."""
    file = io.BytesIO()
    soundfile.write(file, np.clip(audio, -1.0, 1.0), RATE, codec, format=container, compression_level=level)
    file.seek(0)
    return np.asarray(soundfile.read(file, dtype="float32")[0], np.float32)


@lru_cache(maxsize=128)
def _warp(factor: float) -> NDArray[np.float32]:
    """Matrix that moves log bands to where formants scaled by `factor` would be, shape (BANDS, BANDS)."""
    centres = band_centres()
    source = np.interp(centres / factor, centres, np.arange(BANDS))
    below = np.minimum(source.astype(int), BANDS - 2)
    matrix = np.zeros((BANDS, BANDS), np.float32)
    matrix[below, np.arange(BANDS)] = 1.0 - (source - below)
    matrix[below + 1, np.arange(BANDS)] = source - below
    return matrix


def _warped(bands: NDArray[np.float32], factor: float) -> NDArray[np.float32]:
    """Bands with the formants moved; those that the rate does not carry stay empty."""
    carried = int(np.flatnonzero(bands.max(axis=0) > LOG_FLOOR)[-1]) + 1 if bands.max() > LOG_FLOOR else BANDS
    result = bands.copy()
    # A band that would take from beyond those carried takes from the last one.
    matrix = _warp(factor)[:carried, :carried].copy()
    matrix[-1] += 1.0 - matrix.sum(axis=0)
    result[:, :carried] = bands[:, :carried] @ matrix
    return result


def _mulaw_round_trip(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """What G.711's eight bits leave of the audio (the continuous law, 255)."""
    squeezed = np.sign(audio) * np.log1p(255.0 * np.abs(audio)) / np.log(256.0)
    steps = np.round(squeezed * 127.0) / 127.0
    return np.asarray(np.sign(steps) * np.expm1(np.abs(steps) * np.log(256.0)) / 255.0, np.float32)
