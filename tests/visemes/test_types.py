"""What a type checker knows: mypy checks this file, and an ignore that is not needed is an error to it."""

from __future__ import annotations

import io
from typing import assert_type

import mascot_visemes as mv


def test_sapi_visemes_are_ints() -> None:
    engine = mv.load()
    assert_type(engine, mv.Engine[int])
    assert_type(mv.load("lite", shapes="sapi"), mv.Engine[int])
    stream = engine.create_stream(sample_rate=16000, weights=True)
    assert_type(stream, mv.Stream[int])
    assert_type(stream.accept_waveform(b""), list[mv.VisemeEvent[int]])
    assert_type(engine.run_together([stream], [b""]), list[list[mv.VisemeEvent[int]]])
    assert_type(engine.visemes[0], int)
    viseme: int = stream.viseme
    assert viseme == 0
    name: str = stream.viseme  # type: ignore[assignment]
    assert name == 0  # type: ignore[comparison-overlap]


def test_visemes_of_other_sets_are_names() -> None:
    assert_type(mv.load(shapes="rhubarb"), mv.Engine[str])
    assert_type(mv.load(shapes="vrm"), mv.Engine[str])
    assert_type(mv.load(shapes="arkit"), mv.Engine[str])
    engine = mv.load(shapes="oculus")
    assert_type(engine.predict(b"", sample_rate=16000), list[mv.VisemeEvent[str]])
    name: str = engine.create_stream(sample_rate=16000).viseme
    assert name == "sil"
    assert mv.VisemeEvent(0, "PP").viseme.lower() == "pp"


def test_a_set_that_is_not_known_beforehand() -> None:
    chosen: mv.Shapes = "oculus"
    name: str = chosen
    assert_type(mv.load(shapes=name), mv.Engine)
    assert_type(mv.load(shapes=name).create_stream(sample_rate=16000).viseme, int | str)
    # Where any engine will do, each one does.
    engines: list[mv.Engine] = [mv.load(), mv.load(shapes="oculus")]
    assert len({engine.shapes for engine in engines}) == 2


def annotated(source: io.BytesIO) -> None:
    assert_type(mv.predict_file(source), list[mv.VisemeEvent[int]])
    assert_type(mv.predict_file(source, shapes="oculus"), list[mv.VisemeEvent[str]])
