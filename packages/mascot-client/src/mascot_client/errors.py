"""Everything this package raises on purpose.

MascotError
├── ConfigurationError      you: a value is missing or unusable, found before anything was sent; a ValueError
├── MissingExtraError       you: the provider's SDK is not installed; an ImportError
├── AudioDeviceError        the machine: no PortAudio, or no loudspeaker to play on
├── ConnectionFailedError   the network: no connection, no TLS, no answer in time
├── APIError                the server: it refused; has ``status`` and the server's ``text``
│   ├── BadRequestError     400
│   ├── AuthenticationError 401
│   ├── RateLimitError      429
│   └── UnavailableError    502, 503
└── ProtocolError           the server: its answer is not what the contract says

The errors hold data and build their text from it. None of them ever holds a key or a token.
"""

from __future__ import annotations

__all__ = [
    "APIError",
    "AudioDeviceError",
    "AuthenticationError",
    "BadRequestError",
    "ConfigurationError",
    "ConnectionFailedError",
    "MascotError",
    "MissingExtraError",
    "ProtocolError",
    "RateLimitError",
    "UnavailableError",
]


class MascotError(Exception):
    """Base of every error of this package."""


class ConfigurationError(MascotError, ValueError):
    """A value given to this package cannot be used.

    Attributes:
        field: the name of the argument or field, for example ``ElevenLabsConfig.agent_id``.
        problem: what is wrong with it and what would be right. Never the value itself.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(field, problem)
        self.field = field
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.field}: {self.problem}"


class MissingExtraError(MascotError, ImportError):
    """What a helper needs is not installed: a provider's official SDK, or sounddevice.

    Attributes:
        extra: the extra of mascot-client that installs it: ``elevenlabs``, ``gemini``, ``openai`` or ``player``.
    """

    def __init__(self, extra: str) -> None:
        super().__init__(extra)
        self.extra = extra

    def __str__(self) -> str:
        what = "sounddevice" if self.extra == "player" else f"the {self.extra} SDK"
        return f'{what} is not installed: pip install "mascot-client[{self.extra}]"'


class AudioDeviceError(MascotError):
    """There is nothing to play sound on.

    Attributes:
        reason: what PortAudio says.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        if "library not found" in self.reason:
            # The wheels for Windows and macOS bring it along.
            return f"{self.reason}: install your system's package of it, libportaudio2 on Debian and Ubuntu"
        return f"no sound output: {self.reason}"


class ConnectionFailedError(MascotError):
    """The server could not be reached, or did not answer in time.

    Attributes:
        base_url: where the server was looked for.
        reason: what the network said.
        timed_out: whether it was a timeout.
    """

    def __init__(self, base_url: str, reason: str, timed_out: bool) -> None:  # noqa: FBT001 - positional, so that it pickles
        super().__init__(base_url, reason, timed_out)
        self.base_url = base_url
        self.reason = reason
        self.timed_out = timed_out

    def __str__(self) -> str:
        return f"no answer from {self.base_url}: {self.reason}"


class APIError(MascotError):
    """The server refused the request.

    Attributes:
        status: the HTTP status code.
        text: what the server said, or ``""`` when the body held no text of its own (a gateway's page).
        retry_after_s: seconds after which the server wants to be asked again, ``None`` where it does not say.
    """

    def __init__(self, status: int, text: str, retry_after_s: float | None = None) -> None:
        super().__init__(status, text, retry_after_s)
        self.status = status
        self.text = text
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return f"HTTP {self.status}: {self.text or 'the answer holds no error text'}"


class BadRequestError(APIError):
    """HTTP 400: the server does not accept the configuration; the text names the field."""


class AuthenticationError(APIError):
    """HTTP 401: the server does not know the API key."""


class RateLimitError(APIError):
    """HTTP 429: the API key asks too often or holds too many conversations, also after the retries."""


class UnavailableError(APIError):
    """HTTP 502 or 503: the server or the service behind it cannot answer now, also after the retries."""


class ProtocolError(MascotError):
    """The server's answer is not what the contract says.

    Attributes:
        field: the part of the answer that is wrong.
        problem: what is wrong with it. Never the value itself.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(field, problem)
        self.field = field
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.field}: {self.problem}"
