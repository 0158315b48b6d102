"""Everything this package raises on purpose.

MascotError
├── ConfigurationError      you: a value is missing or unusable, found before anything was sent; a ValueError
├── MissingExtraError       you: the provider's SDK is not installed; an ImportError
├── AudioDeviceError        the machine: no PortAudio, or no loudspeaker to play on
├── APIError                what became of a request
│   ├── APIConnectionError  the network: no connection, no TLS
│   │   └── APITimeoutError no connection or no answer in time; a TimeoutError
│   └── APIStatusError      the server: it refused; has ``status_code`` and the server's ``text``
│       ├── BadRequestError     400
│       ├── AuthenticationError 401
│       ├── RateLimitError      429
│       └── UnavailableError    502, 503
└── ProtocolError           the server: its answer is not what the contract says

The errors hold data and build their text from it. None of them ever holds a key or a token.
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
    """Base of every error of this package."""


class ConfigurationError(MascotError, ValueError):
    """A value given to this package cannot be used.

    Attributes:
        field: The name of the argument or field, for example ``ElevenLabsConfig.agent_id``.
        problem: What is wrong with it and what would be right. Never the value itself.
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
        extra: The extra of mascot-client that installs it: ``elevenlabs``, ``gemini``, ``openai`` or ``player``.
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
        reason: What PortAudio says.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        if "library not found" in self.reason:
            # The wheels for Windows and macOS bring it along.
            return f"{self.reason}: install your system's package of it, libportaudio2 on Debian and Ubuntu"
        return f"no sound output: {self.reason}"


class APIError(MascotError):
    """A request to the server did not get its answer; the base of ``APIConnectionError`` and ``APIStatusError``."""


class APIConnectionError(APIError):
    """The server could not be reached.

    Attributes:
        base_url: Where the server was looked for.
        reason: What the network said.
    """

    def __init__(self, base_url: str, reason: str) -> None:
        # Not by super(): to the TimeoutError that a subclass is these would be an error number and its text.
        Exception.__init__(self, base_url, reason)
        self.base_url = base_url
        self.reason = reason

    def __str__(self) -> str:
        return f"no answer from {self.base_url}: {self.reason}"


class APITimeoutError(APIConnectionError, TimeoutError):
    """The server did not answer in time; see the ``timeout`` of the clients."""


class APIStatusError(APIError):
    """The server refused the request.

    Attributes:
        status_code: Of its HTTP answer.
        text: What the server said, or ``""`` when the body held no text of its own (a gateway's page).
        retry_after_s: Seconds after which the server wants to be asked again, ``None`` where it does not say.
    """

    def __init__(self, status_code: int, text: str, retry_after_s: float | None = None) -> None:
        super().__init__(status_code, text, retry_after_s)
        self.status_code = status_code
        self.text = text
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return f"HTTP {self.status_code}: {self.text or 'the answer holds no error text'}"


class BadRequestError(APIStatusError):
    """HTTP 400: the server does not accept the configuration; the text names the field."""


class AuthenticationError(APIStatusError):
    """HTTP 401: the server does not know the API key."""


class RateLimitError(APIStatusError):
    """HTTP 429: the API key asks too often or holds too many conversations, also after the retries."""


class UnavailableError(APIStatusError):
    """HTTP 502 or 503: the server or the service behind it cannot answer now, also after the retries."""


class ProtocolError(MascotError):
    """The server's answer is not what the contract says.

    Attributes:
        field: The part of the answer that is wrong.
        problem: What is wrong with it. Never the value itself.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(field, problem)
        self.field = field
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.field}: {self.problem}"
