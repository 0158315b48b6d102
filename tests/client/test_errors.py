"""The tree of errors, and what each says."""

from __future__ import annotations

import pickle

import pytest

from mascot_client import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    MascotError,
    MissingExtraError,
    ProtocolError,
)

EXAMPLES: list[tuple[MascotError, str]] = [
    (ConfigurationError("agent_id", "is required"), "agent_id: is required"),
    (
        MissingExtraError("openai"),
        'the openai SDK is not installed; run: pip install "mascot-client[openai]"',
    ),
    (
        APIConnectionError("http://h", "no route"),
        "no response from http://h: no route",
    ),
    (APITimeoutError("http://h", "timed out"), "no response from http://h: timed out"),
    (BadRequestError(400, "Invalid provider config"), "HTTP 400: Invalid provider config"),
    (AuthenticationError(401, "Invalid API key"), "HTTP 401: Invalid API key"),
    (APIStatusError(503, ""), "HTTP 503: the response has no error message"),
    (ProtocolError("response", "must be a JSON object"), "response: must be a JSON object"),
]


@pytest.mark.parametrize(("error", "text"), EXAMPLES)
def test_text_and_data_survive_a_process_boundary(error: MascotError, text: str) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(copy) is type(error)
    assert str(error) == str(copy) == text
    assert vars(copy) == vars(error)


def test_the_standard_kinds_catch_them_too() -> None:
    assert issubclass(ConfigurationError, ValueError)
    assert issubclass(MissingExtraError, ImportError)
    assert issubclass(APITimeoutError, TimeoutError)
    assert issubclass(APITimeoutError, APIConnectionError)
    assert issubclass(APIConnectionError, APIError)
    assert issubclass(APIStatusError, APIError)
    assert issubclass(BadRequestError, APIStatusError)
    assert issubclass(AuthenticationError, APIStatusError)
