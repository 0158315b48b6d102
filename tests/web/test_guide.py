"""The README and docs/guides/web.md: their programs use names that there are, and as few lines as they say."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from support.guides import ROOT, node, programs

if TYPE_CHECKING:
    from collections.abc import Iterator

README = (ROOT / "packages/mascot-web/README.md").read_text("utf-8")


def blocks() -> Iterator[str]:
    yield from programs("web", "js")
    yield from re.findall(r"```js\n(.*?)```", README, re.DOTALL)


def test_names_that_are_imported_exist() -> None:
    exported = node("import * as m from 'mascot-web';", "console.log(JSON.stringify(Object.keys(m)));")
    for block in blocks():
        (names,) = re.findall(r'import \{ (.*?) \} from "mascot-web"', block)
        assert set(names.split(", ")) <= set(exported)
    mentioned = set(re.findall(r"`((?:from|talkingHead|animate|vrm|rive)\w*)\(", README))
    assert mentioned <= set(exported)


STAGE = """
    import { EventEmitter } from "node:events";
    const session = new EventEmitter();
    globalThis.requestAnimationFrame = (draw) => setTimeout(draw, 5);
    globalThis.cancelAnimationFrame = clearTimeout;
    const seen = {};
"""
AVATARS = {
    0: """const avatar = { audioAnalyzerNode: { context: { currentTime: 0 } }, mtAvatar: { viseme_sil: {} } };
          seen.read = () => avatar.mtAvatar.viseme_sil.realtime;""",
    1: """let value = 0;
          const avatar = { expressionManager: { setValue: (name) => { value = name; } } };
          seen.read = () => value;""",
    2: """const input = { name: "viseme", value: 9 };
          const avatar = { stateMachineInputs: () => [input] };
          seen.read = () => input.value;""",
    3: """let value = 9;
          const avatar = (viseme) => { value = viseme; };
          seen.read = () => value;""",
}


@pytest.mark.parametrize(("number", "rest"), [(0, 0.6), (1, "oh"), (2, 0), (3, 0)])
def test_each_program_of_the_guide_shows_a_mouth_at_rest(number: int, rest: object) -> None:
    shown = node(
        programs("web", "js")[number],
        f"""{STAGE}{AVATARS[number]}
        const stop = speak(session, avatar);
        await new Promise((done) => setTimeout(done, 50));
        stop();
        console.log(JSON.stringify(seen.read()));
        """,
    )
    assert shown == rest


def test_it_takes_three_lines_an_avatar() -> None:
    """Without the function that the guide wraps them in."""
    for program in programs("web", "js"):
        lines = [line for line in program.splitlines() if line.strip() not in {"", "}"}]
        assert len([line for line in lines if not line.startswith("export function")]) == 3, json.dumps(lines)
