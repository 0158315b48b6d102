"""mascot-web as it is published: its tests in Node.js, types, size, and the same answers as the Python packages."""

from __future__ import annotations

import gzip
import json
import random
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mascot_client import SMOOTHING_PRESETS, Smoother, Visemes
from mascot_visemes.shapes import SHAPES

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
MODULE = HERE.parents[1] / "packages" / "mascot-web"
MANIFEST = json.loads((MODULE / "package.json").read_text("utf-8"))
LARGEST_BYTES = 15_000


def node(*arguments: str, text: str = "", folder: Path = HERE) -> str:
    program = shutil.which("node")
    if program is None:
        pytest.skip("needs Node.js 20 or newer")
    ran = subprocess.run(
        [program, *arguments],
        input=text,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def evaluate(body: str, argument: object) -> Any:
    """Runs the body of a function of the module `m` and the argument `x` in Node.js."""
    program = f"""
        import * as m from {json.dumps((MODULE / "src/index.js").as_uri())};
        import {{ readFileSync }} from "node:fs";
        const x = JSON.parse(readFileSync(0, "utf-8"));
        console.log(JSON.stringify((() => {{ {body} }})()));
    """
    return json.loads(node("--input-type=module", "-e", program, text=json.dumps(argument)))


def test_in_node() -> None:
    node("--test", *sorted(path.name for path in HERE.glob("*.test.js")))


@pytest.fixture(scope="module")
def package(npm_install: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of an app that has installed the package, as npm would publish it."""
    tools = npm_install(*(f"{name}@{version}" for name, version in MANIFEST["devDependencies"].items()))
    folder = tmp_path_factory.mktemp("package")
    source, app = folder / "mascot-web", folder / "app"
    shutil.copytree(MODULE, source, ignore=shutil.ignore_patterns("node_modules", "dist", "types"))
    (source / "node_modules").symlink_to(tools / "node_modules")
    npm = str(shutil.which("npm"))
    subprocess.run([npm, "pack", "--silent"], cwd=source, check=True, capture_output=True)
    (packed,) = source.glob("*.tgz")
    installed = app / "node_modules" / "mascot-web"
    installed.mkdir(parents=True)
    with tarfile.open(packed) as tar:
        tar.extractall(folder / "packed", filter="data")
    shutil.copytree(folder / "packed" / "package", installed, dirs_exist_ok=True)
    (app / "package.json").write_text('{"private": true, "type": "module"}')
    return app


def test_the_package_is_complete_and_small(package: Path) -> None:
    installed = package / "node_modules" / "mascot-web"
    manifest = json.loads((installed / "package.json").read_text("utf-8"))
    for path in ("README.md", "LICENSE", manifest["main"], manifest["types"]):
        assert (installed / path).is_file(), path
    for conditions in manifest["exports"]["."].values():
        assert (installed / conditions).is_file()
    assert "dependencies" not in manifest
    module = (installed / manifest["main"]).read_bytes()
    assert b"import" not in module.split(b"/**")[0]
    assert len(gzip.compress(module, 9)) < LARGEST_BYTES
    # In one file, with the same names.
    names = "import * as m from 'mascot-web'; console.log(JSON.stringify(Object.keys(m)))"
    built = json.loads(node("--input-type=module", "-e", names, folder=package))
    assert built == evaluate("return Object.keys(m)", None)


def test_its_types_are_those_of_the_code(package: Path, npm_install: Callable[..., Path]) -> None:
    tools = npm_install(*(f"{name}@{version}" for name, version in MANIFEST["devDependencies"].items()))
    compiler = str(tools / "node_modules" / "typescript" / "bin" / "tsc")
    shutil.copy(HERE / "sample.ts", package / "sample.ts")
    (package / "talkinghead.d.ts").write_text(
        "export class TalkingHead { mtAvatar: Record<string, object>; }\n"
    )
    options = ["--strict", "--noEmit", "--target", "es2022", "--module", "nodenext", "--types", ""]
    node(compiler, *options, "sample.ts", folder=package)


def test_the_sets_are_those_of_mascot_visemes() -> None:
    sets = evaluate("return m.SHAPES", None)
    for name in ("sapi", "oculus", "vrm", "rhubarb"):
        assert set(sets[name]) == set(SHAPES[name].ids)
        assert sets[name][0] == SHAPES[name].ids[0]
    assert sets["oculus"] == list(SHAPES["oculus"].ids)
    assert set(sets["arkit"]) == set(SHAPES["arkit"].blendshapes)


def test_poses_are_those_of_mascot_visemes() -> None:
    body = """
        return Object.fromEntries(m.SHAPES.oculus.map((viseme) => {
            const timeline = new m.VisemeTimeline({ clock: () => 0 });
            timeline.add({ visemes: [{ viseme, offset: 0 }], audio_duration: 1000 }, 0);
            return [viseme, timeline.weights("arkit", 500)];
        }));
    """
    arkit = SHAPES["arkit"]
    poses = {
        viseme: dict(zip(arkit.blendshapes, pose, strict=True))
        for viseme, pose in zip(arkit.ids, arkit.poses, strict=True)
    }
    found = evaluate(body, None)
    assert {viseme: pytest.approx(pose) for viseme, pose in poses.items()} == found


def test_visemes_look_the_same_in_another_set() -> None:
    body = """
        const sets = ["sapi", "oculus", "vrm", "rhubarb"];
        return sets.flatMap((from) => sets.flatMap((to) =>
            m.SHAPES[from].map((viseme) => [from, viseme, to, m.convert(viseme, from, to)])));
    """
    for origin, viseme, target, found in evaluate(body, None):
        # Some phoneme looks like both.
        mine = SHAPES[origin].phones[SHAPES[origin].ids.index(viseme)]
        other = SHAPES[target].phones[SHAPES[target].ids.index(found)]
        assert set(mine) & set(other), (origin, viseme, target, found)


def payloads(rng: random.Random) -> list[dict[str, Any]]:
    made = []
    for number in range(rng.randint(1, 8)):
        duration = rng.randint(1, 400)
        offsets = sorted(rng.randrange(duration) for _ in range(rng.randint(0, 7)))
        visemes = [{"visemeId": rng.randint(0, 21), "offset": offset} for offset in offsets]
        made.append({"visemes": visemes, "audio_event_id": number, "audio_duration": duration})
    return made


NAMES = {
    "default": "default",
    "conversation": "conversation",
    "fast_speech": "fastSpeech",
    "articulate": "articulate",
}


@pytest.mark.parametrize("preset", list(SMOOTHING_PRESETS))
def test_smoothing_is_that_of_mascot_client(preset: str) -> None:
    turns = [payloads(random.Random(seed)) for seed in range(300)]  # noqa: S311 - tests
    body = """
        return x.turns.map((turn) => {
            const timeline = new m.VisemeTimeline({ clock: () => 0, shapes: "sapi", smoothing: x.preset });
            let end = 0;
            let shown = 0;
            const changes = [];
            for (const payload of turn) end = timeline.add(payload, end).endMs;
            for (const { viseme, startMs } of timeline.events()) {
                if (viseme !== shown) changes.push([startMs, viseme]);
                shown = viseme;
            }
            return changes;
        });
    """
    wanted = []
    for turn in turns:
        smoother, start, changes = Smoother(SMOOTHING_PRESETS[preset]), 0.0, []
        for payload in turn:
            calmer = smoother.push(Visemes.parse(payload))
            changes += [[start + event.offset_ms, event.id] for event in calmer.visemes]
            start += payload["audio_duration"]
        wanted.append(changes)
    assert evaluate(body, {"turns": turns, "preset": NAMES[preset]}) == wanted
