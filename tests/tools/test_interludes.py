"""Sound between speech."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason="training treats speech with scipy")
pytest.importorskip("soundfile", reason="training reads speech with soundfile")

from tools.train.interludes import breath, interlude, music


@pytest.mark.parametrize("samples", [0, 1, 200, 16000, 31999])
def test_it_is_as_long_as_asked_and_never_too_loud(samples: int) -> None:
    rng = np.random.default_rng(samples)
    for _ in range(10):
        sound = interlude(rng, samples)
        assert sound.shape == (samples,)
        assert sound.dtype == np.float32
        assert np.all(np.isfinite(sound))
        assert not samples or np.sqrt(np.mean(sound**2)) < 0.21


def test_music_has_tones_and_breath_has_none() -> None:
    def peaks(sound: np.ndarray) -> float:
        spectrum = np.abs(np.fft.rfft(sound[:16000] * np.hanning(16000)))
        return float(spectrum.max() / np.median(spectrum[100:4000]))

    rng = np.random.default_rng(1)
    tones = [peaks(music(rng, 16000)) for _ in range(20)]
    breaths = [peaks(breath(rng, 16000)) for _ in range(20)]
    assert np.median(tones) > 3 * np.median(breaths)
