"""For everybody: by keyboard, by screen reader, with little motion, light and dark, on a phone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from browser.conftest import Playground

    Visit = Callable[..., AbstractContextManager[Playground]]

CONTRAST_OF_TEXT = 4.5
CONTRAST_OF_LARGE_TEXT = 3.0
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True}

TEXTS = """() => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const rgba = (colour) => {
        context.clearRect(0, 0, 1, 1);
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = (top, below) => below.map((value, i) => i < 3 ? top[i] * top[3] + value * (1 - top[3]) : 1);
    // The grounds that a text may stand on: a gradient counts by each of its colours.
    const grounds = (element) => {
        if (!element) return [[255, 255, 255, 1]];
        const style = getComputedStyle(element);
        const stops = style.backgroundImage.match(/rgba?\\([^)]*\\)|color\\([^)]*\\)/g) ?? [style.backgroundColor];
        const opaque = stops.every((stop) => rgba(stop)[3] === 1);
        const below = opaque ? [[255, 255, 255, 1]] : grounds(element.parentElement);
        return stops.flatMap((stop) => below.map((ground) => over(rgba(stop), ground)));
    };
    const found = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        const text = walker.currentNode.textContent.trim();
        const unseen = ".hidden, noscript, :disabled, .skip, legend";
        if (!text || !element.checkVisibility() || element.closest(unseen)) continue;
        const style = getComputedStyle(element);
        for (const ground of grounds(element)) {
            const size = parseFloat(style.fontSize);
            found.push({ text, size, weight: Number(style.fontWeight), ink: over(rgba(style.color), ground), ground });
        }
    }
    return found;
}"""


def luminance(colour: list[float]) -> float:
    """Relative luminance, by WCAG 2.2."""
    r, g, b = (
        v / 255 / 12.92 if v / 255 <= 0.04045 else ((v / 255 + 0.055) / 1.055) ** 2.4 for v in colour[:3]
    )
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: list[float], other: list[float]) -> float:
    """Contrast ratio, by WCAG 2.2: 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def focused(playground: Playground) -> str:
    """The id of what has the focus, or its value where it is a radio button."""
    return str(
        playground.page.evaluate("""() => {
            const {type, value, id} = document.activeElement;
            return type === "checkbox" ? id : value || id;
        }""")
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("tab", ["#tab-talk", "#tab-log"])
def test_every_text_can_be_read(visit: Visit, scheme: str, tab: str) -> None:
    with visit(color_scheme=scheme) as playground:
        assert playground.page.get_attribute("html", "data-theme") == scheme
        for avatar in ("mira", "pip", "bolt"):
            playground.page.check(f"#avatars input[value={avatar}]", force=True)
            if avatar == "bolt":
                playground.write("What can you do?")
                playground.wait_for_state("speaking")
                playground.page.click(tab)
            faint = []
            texts: list[dict[str, Any]] = playground.page.evaluate(TEXTS)
            for text in texts:
                large = text["size"] >= 24 or (text["size"] >= 18.66 and text["weight"] >= 700)
                ratio = contrast(text["ink"], text["ground"])
                if ratio < (CONTRAST_OF_LARGE_TEXT if large else CONTRAST_OF_TEXT):
                    faint.append((text["text"], round(ratio, 2)))
            assert len(texts) > 20
            assert faint == []


def test_the_theme_can_be_changed_and_is_kept(visit: Visit) -> None:
    with visit(color_scheme="light") as playground:
        playground.page.click("#theme")
        assert playground.page.get_attribute("html", "data-theme") == "dark"
        assert playground.page.get_attribute("#theme", "aria-pressed") == "true"
        playground.page.reload()
        playground.page.wait_for_selector("#start:enabled")
        assert playground.page.get_attribute("html", "data-theme") == "dark"


def test_everything_has_a_name(playground: Playground) -> None:
    tree = playground.page.locator("body").aria_snapshot()
    nameless = re.findall(
        r"^\s*- (?:button|textbox|searchbox|checkbox|radio|combobox|tab|img|link|group|region|tablist)(?: \[.*\])?:?$",
        tree, re.MULTILINE,
    )  # fmt: skip
    assert nameless == [], tree
    for name in ("Start", "Send", "Interrupt", "Talk by microphone", "Dark theme", "Lip-sync a file"):
        assert f'button "{name}"' in tree, tree
    for name in ("ElevenLabs", "OpenAI", "Gemini", "Mira", "Pip", "Bolt"):
        assert f'radio "{name}"' in tree
    for wanted in ('textbox "Write to the agent"', 'combobox "Viseme model"', "banner", "main", "status"):
        assert wanted in tree
    ids = playground.page.evaluate("[...document.querySelectorAll('[id]')].map((element) => element.id)")
    assert len(ids) == len(set(ids))


def test_a_conversation_by_keyboard_alone(playground: Playground) -> None:
    keyboard = playground.page.keyboard
    order = []
    for _ in range(9):
        keyboard.press("Tab")
        order.append(focused(playground))
        outline = playground.page.evaluate("""() => {
            const shown = document.activeElement.closest("label") ?? document.activeElement;
            return getComputedStyle(shown).outlineStyle + getComputedStyle(document.activeElement).outlineStyle;
        }""")
        assert "solid" in outline, order
        if order[-1] == "elevenlabs":
            for provider in ("gemini", "openai"):
                keyboard.press("ArrowRight")
                assert focused(playground) == provider
        if order[-1] == "mira":
            keyboard.press("ArrowRight")
            assert playground.page.get_attribute("#stage", "data-avatar") == "pip"
        if order[-1] == "tab-talk":
            keyboard.press("ArrowRight")
            assert playground.page.locator("#panel-log").is_visible()
            keyboard.press("ArrowLeft")
    assert order[1:7] == ["theme", "mira", "elevenlabs", "default", "weights", "start"]

    while focused(playground) != "write":
        keyboard.press("Tab")
    keyboard.type("What can you do?")
    keyboard.press("Enter")
    playground.wait_for_state("speaking")
    assert "OpenAI" in playground.page.inner_text("#partner")
    while focused(playground) != "interrupt":
        keyboard.press("Tab")
    keyboard.press("Enter")
    playground.wait_for_state("listening")
    assert focused(playground) == "write"


def test_a_screen_reader_is_told_of_state_and_words_once(playground: Playground) -> None:
    playground.choose("gemini")
    playground.write("What can you do?")
    playground.wait_for_state("speaking")
    assert playground.page.inner_text("#status-aloud") == "Speaking"
    playground.wait_for_state("listening")
    aloud = playground.page.locator("#said-aloud p").all_inner_texts()
    assert aloud[0] == "You: What can you do?"
    assert aloud[1].startswith("Agent: Of course.")
    assert len(aloud) == 2
    assert playground.page.get_attribute("#said-aloud", "aria-live") == "polite"


def test_who_wants_little_motion_gets_the_mouth_alone(visit: Visit) -> None:
    still = "document.querySelector('#face [data-part=head]').getAttribute('transform')"
    with visit(reduced_motion="reduce") as playground:
        playground.choose("openai")
        before = playground.page.evaluate(still)
        playground.write("What can you do?")
        playground.wait_for_state("speaking")
        playground.page.wait_for_timeout(1500)
        assert playground.page.evaluate(still) == before
        assert len({frame["viseme"] for frame in playground.measured("frames")}) > 4


def test_it_lives_while_nobody_speaks(playground: Playground) -> None:
    moved = "document.querySelector('#face [data-part=head]').getAttribute('transform')"
    before = playground.page.evaluate(moved)
    playground.page.wait_for_timeout(400)
    assert playground.page.evaluate(moved) != before
    playground.wait_until(
        lambda: (
            "15" not in str(playground.page.get_attribute("#face [data-part=leftLid]", "d"))
            and playground.page.evaluate("""() => {
            const lid = document.querySelector("#face [data-part=leftLid]").getBBox();
            return lid.height > 40;
        }""")
        ),
        "a blink",
    )


def test_it_fits_a_phone(visit: Visit) -> None:
    with visit(**PHONE) as playground:
        width = playground.page.evaluate("document.documentElement.scrollWidth")
        assert width == 390
        small = playground.page.evaluate("""() => [...document.querySelectorAll("button, select, #write, .avatar")]
            .filter((element) => element.checkVisibility() && !element.closest("[role=tablist]"))
            .map((element) => [element.id || element.className, element.getBoundingClientRect().height])
            .filter(([, height]) => height < 36)""")
        assert small == []
