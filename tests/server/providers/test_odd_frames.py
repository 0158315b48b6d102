"""Frames that the providers' SDKs read although they are odd: their audio gets visemes, and no other byte changes."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.wires import WIRES, Wire, b64, gemini_audio, gemini_content, openai_session

from mascot_server.providers.codec import Audio, AudioFormat, Undecodable, as_text, like, read_object
from mascot_server.providers.elevenlabs.codec import ElevenLabsCodec
from mascot_server.providers.gemini.codec import GeminiCodec
from mascot_server.providers.json_edit import insert_member, prune, span
from mascot_server.providers.openai.codec import OpenAICodec

if TYPE_CHECKING:
    from mascot_server.providers.codec import Codec, Frame

SOUND: Final = bytes(range(256)) * 4
PAYLOAD: Final = '{"visemes":[{"visemeId":4,"offset":0}],"audio_duration":21}'

ODD_VALUES: Final = {
    "half a surrogate pair": r'"\ud83d"',
    "the other half": r'"\udc00 and \ud83d\ude00"',
    "5000 digits": "9" * 5000,
    "5000 digits and a fraction": f"-0.{'9' * 5000}e5",
    "nested 300 deep": "[" * 300 + "]" * 300,
    "objects nested 300 deep": '{"a":' * 300 + "1" + "}" * 300,
    "nested 5000 deep": "[" * 5000 + '"]}"' + "]" * 5000,
    "repeated names": '{"a":1,"a":{"b":2},"a":[3]}',
    "not a number": "NaN",
    "infinite": "-Infinity",
    "too large": "1e400",
    "a null character": r'"\u0000"',
}
odd_values = st.sampled_from(sorted(ODD_VALUES.values()))

wires = pytest.mark.parametrize("wire", WIRES.values(), ids=WIRES)


def codec_of(wire: Wire, *, opened: bool = True) -> Codec:
    codec: Codec = GeminiCodec(part_metadata=True) if wire.name == "gemini" else wire.codec()
    for frame in wire.opening if opened else ():
        codec.see(frame)
    return codec


def with_odd_member(frame: Frame, value: str, place: int) -> Frame:
    """Put a member into one of a frame's objects; base64 has no braces, so each brace begins one."""
    text = as_text(frame)
    braces = [match.end() for match in re.finditer(r"\{", text)]
    end = braces[place % len(braces)]
    return like(frame, f'{text[:end]}"odd":{value},{text[end:]}')


def without_visemes(frames: tuple[Frame, ...]) -> Frame:
    """Take out what a codec has added."""
    *added, frame = frames
    assert len(added) <= 1
    text = as_text(frame)
    for member in (f',"mascotVisemes":{PAYLOAD}', f',"partMetadata":{{"mascotVisemes":{PAYLOAD}}}'):
        text = text.replace(member, "", 1)
    return like(frame, text)


def seen(codec: Codec, frame: Frame) -> Audio:
    (event,) = codec.see(frame)
    assert isinstance(event, Audio)
    return event


@wires
@pytest.mark.parametrize("value", ODD_VALUES.values(), ids=ODD_VALUES)
@pytest.mark.parametrize("place", range(5))
def test_odd_values_anywhere_in_a_frame_cost_its_audio_no_visemes(wire: Wire, value: str, place: int) -> None:
    codec = codec_of(wire)
    frame = with_odd_member(wire.audio(SOUND, 1), value, place)
    audio = seen(codec, frame)
    assert audio.data == SOUND
    sent = codec.attach(frame, audio, PAYLOAD)
    assert PAYLOAD[1:] in as_text(sent[0])
    assert without_visemes(sent) == frame


@given(
    st.sampled_from(sorted(WIRES)),
    st.lists(st.tuples(odd_values, st.integers(0, 40)), max_size=4),
    st.binary(),
)
def test_what_is_added_to_an_odd_frame_can_be_taken_out_again(
    name: str, odd: list[tuple[str, int]], data: bytes
) -> None:
    wire = WIRES[name]
    codec = codec_of(wire)
    frame = wire.audio(data, 1)
    for value, place in odd:
        # Braces in the values are places as well.
        frame = with_odd_member(frame, value, place)
    for event in codec.see(frame):
        if isinstance(event, Audio):
            assert event.data == data
            assert without_visemes(codec.attach(frame, event, PAYLOAD)) == frame


edits = st.lists(
    st.tuples(
        st.integers(0, 4000),
        st.integers(0, 3),
        st.sampled_from(['"', "{", "}", "[", "]", ",", ":", "\\", "\\ud800", "null", "1", " ", "é", ""]),
    ),
    max_size=4,
)


@given(st.sampled_from(sorted(WIRES)), st.data(), edits, st.booleans())
def test_no_frame_makes_a_codec_raise_and_none_loses_a_byte(
    name: str, data: Any, places: list[tuple[int, int, str]], opened: bool
) -> None:
    wire = WIRES[name]
    codec = codec_of(wire, opened=opened)
    frames = [*wire.opening, wire.audio(b"ab", 1), *wire.interruption, *wire.turn_end, *wire.broken]
    for frame in data.draw(st.lists(st.sampled_from(frames), max_size=4)):
        text = as_text(frame)
        for at, count, inserted in places:
            place = at % (len(text) + 1)
            text = text[:place] + inserted + text[place + count :]
        damaged = like(frame, text)
        for event in codec.see(damaged):
            if isinstance(event, Audio):
                assert without_visemes(codec.attach(damaged, event, PAYLOAD)) == damaged
        assert codec.see_client(damaged) is damaged


@given(st.sampled_from(sorted(WIRES)), st.binary(max_size=60) | st.text(st.characters(), max_size=60))
@example("openai", "\ud800")
@example("gemini", b'\xff{"serverContent":1}')
def test_any_bytes_and_any_text_are_passed_on(name: str, frame: Frame) -> None:
    codec = codec_of(WIRES[name])
    assert codec.see(frame) == ()
    assert codec.see_client(frame) is frame


def test_binary_frames_that_are_not_utf8_are_given_back_byte_by_byte() -> None:
    codec = GeminiCodec(part_metadata=True)
    for odd in (b'"\xff\xfe"', b'"\xed\xa0\xbd"', b'"\xc3"'):
        frame = gemini_audio(SOUND, 1).replace(b'"model"', odd)
        assert odd in frame
        audio = seen(codec, frame)
        assert audio.data == SOUND
        assert without_visemes(codec.attach(frame, audio, PAYLOAD)) == frame


def test_a_byte_order_mark_before_a_binary_frame_is_skipped() -> None:
    codec = GeminiCodec(part_metadata=True)
    frame = b"\xef\xbb\xbf" + gemini_audio(SOUND, 1)
    sent = codec.attach(frame, seen(codec, frame), PAYLOAD)
    assert without_visemes(sent) == frame
    assert json.loads(as_text(sent[0])[1:])["mascotVisemes"] == json.loads(PAYLOAD)


@wires
def test_audio_in_what_is_no_json_counts_as_undecodable(wire: Wire) -> None:
    whole = wire.audio(SOUND, 1)
    for frame in (whole[:-1], whole[:-2]):
        (event,) = codec_of(wire).see(frame)
        assert event == Undecodable("the message is not JSON")


@wires
@pytest.mark.parametrize(
    "spell",
    [
        lambda text: text.replace("+", "-").replace("/", "_"),
        lambda text: text.rstrip("="),
        lambda text: text.replace("+", "-").replace("/", "_").rstrip("="),
        lambda text: "\\r\\n".join(text[i : i + 76] for i in range(0, len(text), 76)),
    ],
    ids=["URL-safe", "unpadded", "URL-safe and unpadded", "in lines"],
)
def test_base64_that_sdks_accept_gets_visemes(wire: Wire, spell: Any) -> None:
    sound = SOUND + b"?"
    text = as_text(wire.audio(sound, 1))
    frame = like(wire.audio(sound, 1), text.replace(b64(sound), spell(b64(sound))))
    assert seen(codec_of(wire), frame).data == sound


@pytest.mark.parametrize(
    ("mime_type", "rate"),
    [
        ("Audio/PCM;rate=16000", 16000),
        ("AUDIO/L16; Rate=16000; channels=1", 16000),
        (' audio/pcm ; rate = "16000"', 16000),
        ("audio/PCM", 24000),
    ],
)
def test_mime_types_are_read_in_any_case(mime_type: str, rate: int) -> None:
    audio = seen(GeminiCodec(), gemini_audio(SOUND, 1, mime_type))
    assert audio.format == AudioFormat("pcm16", rate)


@pytest.mark.parametrize("mime_type", ["audio/pcm;channels=2", "audio/pcm;rate=1e4", "audio/" + "p" * 300])
def test_audio_of_an_unknown_type_counts_as_undecodable(mime_type: str) -> None:
    (event,) = GeminiCodec().see(gemini_audio(SOUND, 1, mime_type))
    assert isinstance(event, Undecodable)


@pytest.mark.parametrize("mime_type", ["image/png", 7, None, ["audio/pcm"]])
def test_what_is_no_audio_counts_as_nothing(mime_type: Any) -> None:
    parts = [{"inlineData": {"mimeType": mime_type, "data": "AA=="}}]
    assert GeminiCodec().see(gemini_content(modelTurn={"parts": parts})) == ()


def test_elevenlabs_formats_are_read_in_any_case() -> None:
    codec = ElevenLabsCodec()
    name = {"agent_output_audio_format": "PCM_16000"}
    codec.see(
        json.dumps(
            {
                "type": "conversation_initiation_metadata",
                "conversation_initiation_metadata_event": name,
            }
        )
    )
    assert seen(codec, WIRES["elevenlabs"].audio(SOUND, 1)).format == AudioFormat("pcm16", 16000)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({"type": "audio/pcm", "rate": 16000}, AudioFormat("pcm16", 16000)),
        ({"type": "Audio/PCM", "rate": 48000}, AudioFormat("pcm16", 48000)),
        ({"type": "audio/pcm", "rate": 96000}, AudioFormat("pcm16", 24000)),
        ({"type": "audio/pcm", "rate": True}, AudioFormat("pcm16", 24000)),
        ({"type": "audio/pcmu", "rate": 16000}, AudioFormat("mulaw", 8000)),
    ],
)
def test_openai_pcm_may_have_another_rate(stated: dict[str, Any], expected: AudioFormat) -> None:
    codec = OpenAICodec()
    codec.see(openai_session(stated))
    assert seen(codec, WIRES["openai"].audio(SOUND, 1)).format == expected


class TestDynamicVariables:
    CONFIGURED: Final[dict[str, str | float | bool]] = {"name": "Ada", "age": 36, "vip": True}

    def sent(self, frame: Frame) -> Frame:
        return ElevenLabsCodec(dynamic_variables=self.CONFIGURED).see_client(frame)

    @pytest.mark.parametrize(
        "value", [*ODD_VALUES.values(), "1.10", "-0", "1E5", '"\\u00e9"', '{"deep":[1.0]}'], ids=repr
    )
    def test_the_apps_values_are_sent_as_they_came(self, value: str) -> None:
        head = '{"type":"conversation_initiation_client_data","dynamic_variables":{"price": '
        frame = f'{head}{value} , "name":"Grace"}}, "x":{value}}}'
        assert self.sent(frame) == f'{head}{value} , "name":"Grace","age":36,"vip":true}}, "x":{value}}}'

    @pytest.mark.parametrize("value", ODD_VALUES.values(), ids=ODD_VALUES)
    def test_odd_values_elsewhere_do_not_keep_them_out(self, value: str) -> None:
        frame = f'{{"odd":{value},"type":"conversation_initiation_client_data"}}'
        added = ',"dynamic_variables":{"name":"Ada","age":36,"vip":true}'
        assert self.sent(frame) == frame[:-1] + added + "}"

    def test_an_app_that_says_all_of_them_is_passed_on_untouched(self) -> None:
        said = '{"vip":1,"age":2,"name":3}'
        frame = f'{{"type":"conversation_initiation_client_data","dynamic_variables":{said}}}'
        assert self.sent(frame) is frame

    @pytest.mark.parametrize("value", ["null", "[1]", '"x"'])
    def test_what_is_no_object_is_replaced(self, value: str) -> None:
        frame = f'{{"dynamic_variables":{value},"type":"conversation_initiation_client_data"}}'
        merged = '{"name":"Ada","age":36,"vip":true}'
        assert self.sent(frame) == frame.replace(value, merged, 1)


@pytest.mark.parametrize("value", ODD_VALUES.values(), ids=ODD_VALUES)
def test_the_model_of_an_odd_gemini_setup_is_replaced(value: str) -> None:
    frame = f'{{"setup":{{"odd":{value},"model":"models/dearer"}}}}'
    edited = GeminiCodec(model="gemini-live").see_client(frame)
    assert edited == frame.replace("dearer", "gemini-live")


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(), max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


def same(one: Any, other: Any) -> bool:
    """Compare JSON values; a number that is none equals itself."""
    return repr(one) == repr(other)


@given(st.dictionaries(st.text(st.characters(), max_size=3), documents, max_size=4), odd_values)
def test_an_odd_frame_reads_as_python_reads_it(document: dict[str, Any], value: str) -> None:
    text = json.dumps({**document, "odd": None})
    place = text.rindex("null")
    odd = read_object(text[:place] + value + text[place + 4 :])
    assert odd is not None
    odd.pop("odd")
    assert same(odd, {name: value for name, value in document.items() if name != "odd"})


@given(documents, st.integers(1, 5))
def test_pruning_keeps_what_is_not_nested_too_deeply(document: Any, depth: int) -> None:
    def pruned(value: Any, level: int) -> Any:
        if not isinstance(value, dict | list):
            return value
        if level == depth:
            return None
        if isinstance(value, list):
            return [pruned(entry, level + 1) for entry in value]
        return {name: pruned(entry, level + 1) for name, entry in value.items()}

    assert same(json.loads(prune(json.dumps(document), depth)), pruned(document, 0))


@pytest.mark.parametrize("text", ['{"a', "[" * 100, '["', "[]," * 200_000, "[" * 10**6])
def test_pruning_refuses_what_it_cannot_look_through(text: str) -> None:
    with pytest.raises(ValueError, match=r"not closed|too much structure"):
        prune(text, 64)


@given(documents, st.text(st.characters(), max_size=4))
def test_a_member_goes_into_documents_with_half_surrogate_pairs(document: Any, name: str) -> None:
    text = json.dumps({"root": document}, ensure_ascii=False)
    edited = insert_member(text, (), name, "1")
    assert edited.endswith("}")
    assert edited.startswith(text[:-1])
    start, end = span(text, ("root",))
    assert same(json.loads(text[start:end]), document)


def test_a_number_too_long_to_convert_is_infinite() -> None:
    assert read_object('{"a":"\\ud800","n":' + "9" * 5000 + "}") == {"a": "\ud800", "n": math.inf}
