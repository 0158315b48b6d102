"""examples/rive_bridge: visemes as the numbers of a Rive rig, in Python and in JavaScript."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support.programs import ROOT, run_example, serving_example

from examples.lip_sync_file import RECORDING, events, read
from examples.rive_bridge.bridge import RIGS, Cue, cues, events_of
from mascot_client import VisemeEvent, Visemes

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER = ROOT / "examples" / "rive_bridge"
NODE = pytest.mark.skipif(shutil.which("node") is None, reason="no node: install Node.js 20 or newer")


def inputs_at(found: Sequence[Cue], time_ms: int) -> dict[str, int]:
    """What each input is after all cues up to a moment."""
    return {cue.input: cue.value for cue in found if cue.time_ms <= time_ms}


class TestRigs:
    def test_each_has_a_value_for_every_viseme(self) -> None:
        assert list(RIGS) == ["sapi", "oculus", "chart", "blend"]
        for rig in RIGS.values():
            assert len(rig["values"]) == 22

    def test_lips_that_close_look_like_no_other_sound(self) -> None:
        for rig in RIGS.values():
            assert rig["values"].count(rig["values"][21]) == 1
            assert rig["values"].count(rig["values"][0]) == 1

    def test_they_are_those_of_the_readme(self) -> None:
        rows = re.findall(r"^\| (\d+) \| [^|]+ \| (\d+) \| (\d) [^|]+ \| (\w+) \|$", readme(), re.MULTILINE)
        assert [int(row[0]) for row in rows] == RIGS["sapi"]["values"]
        assert [int(row[1]) for row in rows] == RIGS["oculus"]["values"]
        assert [int(row[2]) for row in rows] == RIGS["chart"]["values"]
        assert [row[3] for row in rows] == RIGS["blend"]["values"]


def readme() -> str:
    return (FOLDER / "README.md").read_text(encoding="utf-8")


class TestCues:
    EVENTS = ((100.4, 4), (300, 21), (330, 21), (500, 0))

    def test_a_rig_with_one_input_is_set_where_the_number_changes(self) -> None:
        assert cues(self.EVENTS, RIGS["oculus"]) == [
            (0, "viseme", 0), (100, "viseme", 11), (300, "viseme", 1), (500, "viseme", 0),
        ]  # fmt: skip

    def test_shapes_that_a_rig_draws_alike_are_one(self) -> None:
        assert cues([(100, 1), (200, 2), (300, 9)], RIGS["oculus"]) == [(0, "viseme", 0), (100, "viseme", 10)]

    def test_a_rig_that_blends_moves_about_each_change(self) -> None:
        found = cues(self.EVENTS, RIGS["blend"], blend_ms=80, step_ms=20)
        assert {cue.input for cue in found if cue.time_ms == 0} == set(RIGS["blend"]["values"])
        moved = [(cue.time_ms, cue.value) for cue in found if cue.input == "PP"]
        assert moved == [
            (0, 0),
            (280, 25),
            (300, 50),
            (320, 75),
            (340, 100),
            (480, 75),
            (500, 50),
            (520, 25),
            (540, 0),
        ]
        for time_ms in range(0, 600, 20):
            assert sum(inputs_at(found, time_ms).values()) == pytest.approx(100, abs=1)

    def test_a_recording_moves_and_ends_closed(self) -> None:
        heard = [(event["time_ms"], event["viseme"]) for event in events(*read(str(RECORDING)))]
        for rig in RIGS.values():
            found = cues(heard, rig)
            assert len(found) > 30
            assert inputs_at(found, 10_000) == inputs_at(cues([], rig), 0)

    def test_payloads_follow_each_other(self) -> None:
        payloads = [
            Visemes((VisemeEvent(4, 10), VisemeEvent(21, 90)), audio_event_id=1, audio_duration_ms=120.5),
            Visemes((), audio_event_id=2, audio_duration_ms=100),
            Visemes((VisemeEvent(0, 5),), audio_event_id=3, audio_duration_ms=100),
        ]
        assert list(events_of(payloads)) == [(10, 4), (90, 21), (225.5, 0)]


@NODE
class TestJavaScript:
    def run(self, program: str) -> Any:
        """What a program prints as JSON; it finds `rigs` and the module's names."""
        head = f"""
            import {{ readFileSync }} from "node:fs";
            import {{ Bridge, riveInputs, valuesAt }} from "{(FOLDER / "bridge.js").as_uri()}";
            const rigs = JSON.parse(readFileSync("{(FOLDER / "rigs.json").as_posix()}"));
        """
        command = ["node", "--input-type=module", "-"]
        ran = subprocess.run(command, input=head + program, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    @pytest.mark.parametrize("rig", list(RIGS))
    def test_it_says_what_python_says(self, rig: str) -> None:
        heard = [(event["time_ms"], event["viseme"]) for event in events(*read(str(RECORDING)))]
        times = list(range(0, 4600, 20))
        found = cues(heard, RIGS[rig])
        said = self.run(
            f"""
            const [track, times] = [{json.dumps(heard)}, {json.dumps(times)}];
            console.log(JSON.stringify(times.map((time) => valuesAt(track, time, rigs.{rig}))));
            """
        )
        assert said == [inputs_at(found, time_ms) for time_ms in times]

    def test_a_conversation_sets_what_changes(self) -> None:
        said = self.run(
            """
            const set = [];
            const bridge = new Bridge(rigs.oculus, (input, value) => set.push([now, input, value]));
            let now = 0;
            bridge.show(now);
            bridge.add({ visemes: [{ visemeId: 4, offset: 10 }], audio_duration: 100 });
            bridge.add({ visemes: [], audio_duration: 50 });
            bridge.add({ visemes: [{ visemeId: 21, offset: 0 }, { visemeId: 2, offset: 60 }], audio_duration: 100 });
            for (now = 0; now < 200; now += 10) bridge.show(now);
            bridge.interrupt(now);
            for (; now < 300; now += 10) bridge.show(now);
            bridge.add({ visemes: [{ visemeId: 6, offset: 0 }], audio_duration: 100 });
            for (now = 200; now < 400; now += 10) bridge.show(now);
            console.log(JSON.stringify(set));
            """
        )
        assert said == [
            [0, "viseme", 0],
            [10, "viseme", 11],
            [150, "viseme", 1],
            [200, "viseme", 0],  # interrupted: the sound that was to come at 210 is not shown
            [200, "viseme", 12],  # the next turn begins here
            [300, "viseme", 0],  # its audio has run out
        ]

    def test_inputs_and_view_models_of_a_rive_instance(self) -> None:
        said = self.run(
            """
            const [viseme, bound] = [{ name: "viseme", value: 0 }, { value: 0 }];
            const rive = {
              stateMachineInputs: (name) => (name === "Mouth" ? [viseme] : undefined),
              viewModelInstance: { number: (name) => (name === "bound" ? bound : null) },
            };
            const set = riveInputs(rive, "Mouth");
            for (const name of ["viseme", "bound", "neither"]) set(name, 3);
            riveInputs({ stateMachineInputs: () => undefined }, "Other")("viseme", 9);
            console.log(JSON.stringify([viseme.value, bound.value]));
            """
        )
        assert said == [3, 3]


def test_it_prints_what_the_readme_shows() -> None:
    ran = run_example("rive_bridge", "--rig", "oculus")
    assert (ran.returncode, ran.stderr) == (0, "")
    shown = re.findall(r"^    (\[.*\])$", readme(), re.MULTILINE)
    assert len(shown) == 4
    assert ran.stdout.splitlines()[:4] == shown


def test_a_file_that_is_none() -> None:
    ran = run_example("rive_bridge", "no-such-file.wav")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("rive_bridge: no-such-file.wav: ")


def test_the_page_gets_all_that_it_asks_for() -> None:
    with serving_example("rive_bridge", "--serve", "--port", "0") as origin:
        page = httpx.get(origin)
        asked = re.findall(r'(?:src="|from "\./|fetch\(|\[")([\w.]+)"|"([\w.]+\.json)"', page.text)
        names = {name for pair in asked for name in pair if name}
        assert {"speech", "bridge.js", "rigs.json", "speech.json"} <= names
        for name in ("speech", "bridge.js", "rigs.json", "speech.json"):
            assert httpx.get(f"{origin}/{name}").status_code == 200
        assert httpx.get(f"{origin}/speech").content == RECORDING.read_bytes()
        assert httpx.get(f"{origin}/speech.json").json() == events(*read(str(RECORDING)))
