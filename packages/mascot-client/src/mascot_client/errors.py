"""The errors that this package raises.

::

    MascotError
    ├── ConfigurationError      an argument is missing or invalid; raised before a request is sent; a ValueError
    ├── MissingExtraError       the provider's SDK is not installed; an ImportError
    ├── AudioDeviceError        PortAudio is not installed, or there is no audio output device
    ├── APIError                a request failed
    │   ├── APIConnectionError  the connection or TLS failed
    │   │   └── APITimeoutError the server did not respond in time; a TimeoutError
    │   └── APIStatusError      the server returned an error status; has ``status_code`` and ``text``
    │       ├── BadRequestError     400
    │       ├── AuthenticationError 401
    │       ├── RateLimitError      429
    │       └── UnavailableError    502, 503
    └── ProtocolError           the response of the server is not valid

No error contains a key or a token.
"""

from __future__ import annotations

__all__ = [
    "APIConnectionError",
    "APIError",
    "APIStatusError",
    "APITimeoutError",
    "AudioDeviceError",
    "AuthenticationError",
    "BadRequestError",
    "ConfigurationError",
    "MascotError",
    "MissingExtraError",
    "ProtocolError",
    "RateLimitError",
    "UnavailableError",
]


class MascotError(Exception):
    """Base class of all errors of this package."""


class _FieldError(MascotError):
    """What errors share that name a field."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(field, problem)
        self.field = field
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.field}: {self.problem}"


class ConfigurationError(_FieldError, ValueError):
    """An argument or a field is missing or invalid.

    Attributes:
        field: The name of the argument or field, for example ``ElevenLabsConfig.agent_id``.
        problem: The problem and what to do about it. It never contains the value.
    """


class MissingExtraError(MascotError, ImportError):
    """An optional package is not installed: the official SDK of a provider, or sounddevice.

    Attributes:
        extra: The extra of mascot-client to install: ``elevenlabs``, ``gemini``, ``openai`` or ``player``.
    """

    def __init__(self, extra: str) -> None:
        super().__init__(extra)
        self.extra = extra

    def __str__(self) -> str:
        what = "sounddevice" if self.extra == "player" else f"the {self.extra} SDK"
        return f'{what} is not installed; run: pip install "mascot-client[{self.extra}]"'


class AudioDeviceError(MascotError):
    """Audio cannot be played on this computer.

    Attributes:
        reason: The error message of PortAudio.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        if "library not found" in self.reason:
            # The wheels for Windows and macOS contain the library.
            return (
                f"{self.reason}; install PortAudio, for example: apt install libportaudio2 (Debian, Ubuntu)"
            )
        return f"the audio output device cannot be opened: {self.reason}"


class APIError(MascotError):
    """A request to the server failed. Base class of ``APIConnectionError`` and ``APIStatusError``."""


class APIConnectionError(APIError):
    """The connection to the server failed.

    Attributes:
        base_url: The URL of the server.
        reason: The error message of the network library.
    """

    def __init__(self, base_url: str, reason: str) -> None:
        # Not super().__init__: a subclass is also a TimeoutError, which would read the arguments as errno and text.
        Exception.__init__(self, base_url, reason)
        self.base_url = base_url
        self.reason = reason

    def __str__(self) -> str:
        return f"no response from {self.base_url}: {self.reason}"


class APITimeoutError(APIConnectionError, TimeoutError):
    """The server did not respond in time. See the argument ``timeout`` of the clients."""


class APIStatusError(APIError):
    """The server returned an error status.

    Attributes:
        status_code: The HTTP status code.
        text: The error message of the server. It is ``""`` if the response has none, for example if a gateway
            returned an HTML page.
        retry_after_s: The time in seconds from the header ``Retry-After``; ``None`` if the header is missing.
    """

    def __init__(self, status_code: int, text: str, retry_after_s: float | None = None) -> None:
        super().__init__(status_code, text, retry_after_s)
        self.status_code = status_code
        self.text = text
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return f"HTTP {self.status_code}: {self.text or 'the response has no error message'}"


class BadRequestError(APIStatusError):
    """HTTP 400: the server does not accept the configuration. ``text`` names the field."""


class AuthenticationError(APIStatusError):
    """HTTP 401: the server does not accept the API key."""


class RateLimitError(APIStatusError):
    """HTTP 429: the API key has sent too many requests or has too many conversations, and all retries failed."""


class UnavailableError(APIStatusError):
    """HTTP 502 or 503: the server or the provider is unavailable, and all retries failed."""


class ProtocolError(_FieldError):
    """The response of the server is not valid.

    Attributes:
        field: The invalid part of the response.
        problem: The problem. It never contains the value.
    """
