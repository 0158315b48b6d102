"""Tokens: who can open them, and what they show."""

from __future__ import annotations

import base64

import jwt
import pytest

from mascot_server.auth.tokens import LIFETIME_SECONDS, Tokens
from mascot_server.errors import BadRequest, Unauthorized

SECRET = "an-old-secret-of-more-than-32-bytes"
NEW_SECRET = "a-new-secret-of-more-than-32-bytes!"
CONFIG = b'{"api_key":"sk_very_private","agent_id":"agent_1"}'


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def test_what_was_sealed_comes_back() -> None:
    tokens = Tokens([SECRET])
    assert tokens.open("elevenlabs", tokens.seal("elevenlabs", CONFIG, key_id="key-1")).config == CONFIG


def test_header_and_claims_are_the_documented_ones_and_hold_nothing_in_clear() -> None:
    clock = Clock()
    token = Tokens([SECRET], clock=clock).seal("elevenlabs", CONFIG, key_id="key-1")
    header = jwt.get_unverified_header(token)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert header["alg"] == "HS256"
    assert header["kid"]
    assert set(claims) == {"iss", "aud", "iat", "exp", "jti", "enc"}
    assert claims["exp"] - claims["iat"] == LIFETIME_SECONDS == 600
    assert token.startswith("eyJhbGciOiJIUzI1NiIs")
    for part in [*token.split(".")[:2], claims["enc"]]:
        assert b"sk_very_private" not in base64.urlsafe_b64decode(part + "==")


def test_two_tokens_of_the_same_config_have_nothing_in_common_but_their_header() -> None:
    tokens = Tokens([SECRET])
    first, second = (
        jwt.decode(tokens.seal("openai", CONFIG, key_id="key-1"), options={"verify_signature": False})
        for _ in range(2)
    )
    assert first["jti"] != second["jti"]
    assert first["enc"] != second["enc"]


def test_a_token_opens_until_its_last_second() -> None:
    clock = Clock()
    tokens = Tokens([SECRET], clock=clock)
    token = tokens.seal("gemini", CONFIG, key_id="key-1")
    clock.now += LIFETIME_SECONDS - 1
    assert tokens.open("gemini", token).config == CONFIG
    clock.now += 1
    with pytest.raises(Unauthorized):
        tokens.open("gemini", token)


def test_a_token_of_another_provider_does_not_open() -> None:
    tokens = Tokens([SECRET])
    with pytest.raises(Unauthorized):
        tokens.open("openai", tokens.seal("elevenlabs", CONFIG, key_id="key-1"))


def test_a_rotated_secret_still_opens_old_tokens_and_signs_with_the_new_one() -> None:
    old, both, new = Tokens([SECRET]), Tokens([NEW_SECRET, SECRET]), Tokens([NEW_SECRET])
    assert both.open("openai", old.seal("openai", CONFIG, key_id="key-1")).config == CONFIG
    assert new.open("openai", both.seal("openai", CONFIG, key_id="key-1")).config == CONFIG
    with pytest.raises(Unauthorized):
        new.open("openai", old.seal("openai", CONFIG, key_id="key-1"))


def test_any_changed_character_is_noticed() -> None:
    tokens = Tokens([SECRET])
    token = tokens.seal("openai", CONFIG, key_id="key-1")
    # The last character of each part holds bits that base64 ignores.
    ends = {i - 1 for i, character in enumerate(token) if character == "."} | {len(token) - 1}
    for i in set(range(0, len(token), 7)) - ends:
        changed = token[:i] + ("A" if token[i] != "A" else "B") + token[i + 1 :]
        with pytest.raises(Unauthorized):
            tokens.open("openai", changed)


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJIUzI1NiJ9.e30.x", "ö" * 40, "." * 10])
def test_rubbish_is_refused(token: str) -> None:
    with pytest.raises(Unauthorized):
        Tokens([SECRET]).open("openai", token)


@pytest.mark.parametrize("depth", [100, 1000, 5000, 100_000])
def test_deeply_nested_json_in_a_token_is_refused(depth: int) -> None:
    for nested in ("[" * depth, '{"kid":' * depth, '{"kid":' + "[" * depth + "]" * depth + "}"):
        part = base64.urlsafe_b64encode(nested.encode()).decode().rstrip("=")
        for token in (f"{part}.e30.x", f"eyJhbGciOiJIUzI1NiJ9.{part}.x"):
            with pytest.raises(Unauthorized):
                Tokens([SECRET]).open("openai", token)


def test_a_token_without_a_signature_is_refused() -> None:
    tokens = Tokens([SECRET])
    genuine = tokens.seal("openai", CONFIG, key_id="key-1")
    claims = jwt.decode(genuine, options={"verify_signature": False})
    kid = jwt.get_unverified_header(genuine)["kid"]
    with pytest.raises(Unauthorized):
        tokens.open("openai", jwt.encode(claims, "", algorithm="none", headers={"kid": kid}))


def test_a_config_too_long_for_a_url_is_refused_with_its_field() -> None:
    with pytest.raises(BadRequest, match=r"config\.provider_config"):
        Tokens([SECRET]).seal("elevenlabs", b"x" * 5000, key_id="key-1")
