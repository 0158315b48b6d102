from __future__ import annotations

import json
import zlib
from concurrent.futures import ThreadPoolExecutor
from importlib import resources

import pytest

import mascot_visemes as mv
from mascot_visemes.network import Network
from mascot_visemes.registry import load_network
from mascot_visemes.shapes import SHAPES

FOLDER = resources.files("mascot_visemes") / "models"


def test_engines_are_shared() -> None:
    assert mv.available_models()[0] == "default"
    with ThreadPoolExecutor(4) as pool:
        engines = list(pool.map(lambda _: mv.load(), range(8)))
    assert len(set(map(id, engines))) == 1
    assert mv.load("default", shapes="oculus").shapes != engines[0].shapes


@pytest.mark.parametrize("model", ["nonesuch", "../default", "", None])
def test_unknown_model(model: str) -> None:
    with pytest.raises(mv.UnknownModelError, match=r"model: there is no model .*; available: default"):
        mv.load(model)


@pytest.mark.parametrize("shapes", ["nonesuch", "", None, ["sapi"]])
def test_unknown_shapes(shapes: str) -> None:
    with pytest.raises(mv.UnknownShapesError, match=r"shapes: .*; available: sapi, oculus"):
        mv.load(shapes=shapes)


@pytest.mark.parametrize("model", mv.available_models())
def test_cards_say_where_a_model_comes_from(model: str) -> None:
    card = load_network(model).card
    assert card["name"] == model
    assert card.get("weights") != model
    assert all({"source", "licence", "train_hours"} <= set(entry) for entry in card["data"])
    assert {"command", "revision", "seed"} <= set(card["training"])
    assert {"sapi", "oculus"} <= set(card["decoder"]) <= set(SHAPES)
    assert "/" not in card["training"]["command"]


def test_a_wheel_with_all_models_has_six_megabytes_at_most() -> None:
    graphs = [path.read_bytes() for path in FOLDER.iterdir() if path.name.endswith(".onnx")]
    assert graphs
    assert (
        sum(len(zlib.compress(graph)) for graph in graphs) < 5_800_000
    )  # the rest of the package has 0.1 MB


def test_two_models_may_share_a_network_and_differ_in_their_decoders() -> None:
    indonesian, default = mv.load("indonesian"), mv.load("default")
    assert (indonesian.model, indonesian.network, default.network) == ("indonesian", "default", "default")
    assert mv.load("lite").network == "lite"
    assert load_network("indonesian").shares_weights(load_network("default"))
    assert load_network("indonesian").decoder(SHAPES["sapi"]) != load_network("default").decoder(
        SHAPES["sapi"]
    )
    assert not (FOLDER / "indonesian.onnx").is_file()


def _damaged(**changes: object) -> str:
    return json.dumps(json.loads((FOLDER / "default.json").read_text("utf-8")) | changes)


@pytest.mark.parametrize(
    ("graph", "card", "message"),
    [
        (b"not onnx", "{}", "card cannot be read"),
        (b"not onnx", "nonsense", "card cannot be read"),
        (b"not onnx", _damaged(format=99), "card has format 99"),
        (b"not onnx", _damaged(), "onnxruntime cannot load it"),
        (None, _damaged(labels=["SIL", "AA"]), "the card has 2 labels"),
    ],
)
def test_damaged_files_are_named(graph: bytes | None, card: str, message: str) -> None:
    content = (FOLDER / "default.onnx").read_bytes() if graph is None else graph
    with pytest.raises(mv.ModelFileError, match=message):
        Network("default", content, card)


def _constants(costs: object, biases: object) -> dict[str, object]:
    return {
        "switch_cost": costs,
        "silence_db": -70.0,
        "bias": biases,
        "edge_frames": 4,
        "edge_bias": -1.0,
        "late_lead": 0.5,
    }


@pytest.mark.parametrize(
    ("decoder", "message"),
    [
        ({}, "no decoder"),
        (None, "no decoder"),
        ({"sapi": _constants([1], [0] * 22)}, "1 numbers of switch_cost"),
        ({"sapi": _constants([1] * 22, [0])}, "1 numbers of bias"),
        ({"sapi": _constants(1, [0] * 22)}, "no decoder"),
    ],
)
def test_a_card_must_serve_the_shapes(decoder: object, message: str) -> None:
    network = Network("default", (FOLDER / "default.onnx").read_bytes(), _damaged(decoder=decoder))
    with pytest.raises(mv.ModelFileError, match=message):
        network.decoder(SHAPES["sapi"])


def test_sets_that_the_card_does_not_name_take_oculus_constants() -> None:
    biases = [0.1 * i for i in range(15)]
    costs = [1.5, 3.0, *[1.5] * 12, 2.5]
    oculus = _constants(costs, biases)
    own = _constants([0.5] * 6, [0.0] * 6)
    card = _damaged(decoder={"oculus": oculus, "vrm": own})
    network = Network("default", (FOLDER / "default.onnx").read_bytes(), card)
    rhubarb = network.decoder(SHAPES["rhubarb"])
    assert (rhubarb.silence_db, rhubarb.edge_frames, rhubarb.late_lead) == (-70.0, 4, 0.5)
    prices = dict(zip(SHAPES["rhubarb"].ids, rhubarb.switch_cost, strict=True))
    assert (prices["A"], prices["F"], prices["B"], prices["X"]) == (3.0, 2.5, 1.5, 1.5)
    by_shape = dict(zip(SHAPES["rhubarb"].ids, rhubarb.bias, strict=True))
    # A is PP and G is FF as they stand; F takes from ou alone; B adds shapes of different biases.
    assert (by_shape["A"], by_shape["G"], by_shape["F"], by_shape["B"]) == (
        biases[1],
        biases[2],
        biases[14],
        0.0,
    )
    assert network.decoder(SHAPES["arkit"]).bias == tuple(biases)
    assert network.decoder(SHAPES["vrm"]).switch_cost == (0.5,) * 6
