"""What apps show before they are let in: tokens, handshakes, and the body of `POST /v1/get-signed-url`."""

from __future__ import annotations

import base64
import json

from hypothesis import given
from hypothesis import strategies as st
from support.fuzzing import fuzzed
from support.json_texts import damaged, mutated, odd_documents

from mascot_server.auth.tokens import Tokens
from mascot_server.errors import BadRequest, Unauthorized
from mascot_server.providers.parsing import parse_request, parse_sealed
from mascot_server.providers.registry import PROVIDERS, read_handshake

SECRET = "a-secret-of-the-tests-of-more-than-32-bytes"
TOKENS = Tokens([SECRET])
CONFIG = b'{"api_key":"k"}'
TOKEN = TOKENS.seal("openai", CONFIG, key_id="key-1")


def _segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


headers = mutated([{"alg": "HS256", "typ": "JWT", "kid": TOKENS._current.kid}]) | st.sampled_from(
    ["[" * 3000, '{"a":' * 3000, '{"alg":"none"}']
)
forged = st.builds(
    lambda head, claims, signature: ".".join(
        map(_segment, (head.encode(errors="surrogatepass"), claims.encode(errors="surrogatepass"), signature))
    ),
    headers,
    mutated([{"iss": "mascot-server", "aud": "openai", "exp": 9e9, "iat": 1, "jti": "x", "enc": "AAAA"}]),
    st.binary(max_size=32),
)
tokens = st.one_of(
    forged, damaged(st.just(TOKEN.encode())).map(lambda b: b.decode("latin-1")), st.text(max_size=40)
)


@fuzzed
@given(tokens, st.sampled_from(["openai", "gemini"]))
def test_tokens(token: str, provider: str) -> None:
    try:
        opened = TOKENS.open(provider, token)
    except Unauthorized:
        return
    assert (provider, opened.config, opened.key_id) == ("openai", CONFIG, "key-1")


@fuzzed
@given(
    st.text(max_size=60) | st.sampled_from(["/v1/conversation", "/v1/openai-realtime/ws/realtime"]),
    st.binary(max_size=60) | damaged(st.just(b"token=eyJ.a.b&viseme_model=default&key=%ff%00")),
    st.lists(
        st.tuples(
            st.sampled_from([b"origin", b"authorization", b"x-goog-api-key", b"\xff"]), st.binary(max_size=30)
        ),
        max_size=4,
    ),
)
def test_handshakes(path: str, query: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    handshake = read_handshake(path, query, headers)
    if handshake is not None:
        assert handshake.provider.name in PROVIDERS
        assert isinstance(handshake.token, str)


requests = mutated(
    [
        {"config": {"provider": "elevenlabs", "provider_config": {
            "api_key": "k", "agent_id": "a", "sample_rate": 16000, "dynamic_variables": {"a": 1.5, "b": "x"}}}},
        {"config": {"provider": "openai", "provider_config": {"ephemeral_token": "t", "voice": "sage"}}},
        {"config": {"provider": "gemini", "provider_config": {"api_key": "k", "model": "models/x"}}},
    ]
)  # fmt: skip


@fuzzed
@given(
    damaged(requests.map(lambda text: text.encode(errors="surrogatepass"))) | odd_documents.map(str.encode)
)
def test_configurations(body: bytes) -> None:
    try:
        config = parse_request(body).config
    except BadRequest:
        return
    # What is sealed is read back as it was: nothing that a token holds may fail when the app connects.
    sealed = config.model_dump_json(exclude_none=True).encode()
    assert parse_sealed(config.provider, sealed) == config
    assert json.loads(sealed)
