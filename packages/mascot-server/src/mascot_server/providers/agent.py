"""Whom the playground talks to at a provider, and what it needs for that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Protocol

from mascot_server.errors import BadGateway

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mascot_server.inference.viseme_models import VisemeModel
    from mascot_server.providers.config import ProviderConfig
    from mascot_server.providers.exchange import Exchange, HttpAnswer

__all__ = ["START_WITHIN_SECONDS", "FieldKind", "PlaygroundAgent", "made_token"]

START_WITHIN_SECONDS: Final = 600
"""How long an ephemeral token can start a conversation: as long as our own tokens."""

FieldKind = Literal["secret", "name"]
"""A key, which is never shown, or an identifier."""


class PlaygroundAgent(Protocol):
    """The agent of one provider.

    Attributes:
        model: Model that it runs on, for people; ``None`` where an agent has its own.
        fields: What it needs for the real service: kind and description by name. Each is a setting
            ``MASCOT_DEMO_<PROVIDER>_<NAME>``; all or none must be set.
        simulated: The same for the simulated provider.
    """

    @property
    def model(self) -> str | None:
        """See the class."""

    @property
    def fields(self) -> Mapping[str, tuple[FieldKind, str]]:
        """See the class."""

    @property
    def simulated(self) -> Mapping[str, str]:
        """See the class."""

    def config(
        self, values: Mapping[str, str], origin: str, viseme_model: VisemeModel, now: float
    ) -> Exchange[ProviderConfig]:
        """Make the connection details of one conversation, without a standing key if the provider allows it.

        Args:
            values: Value of each of `fields`.
            origin: http(s) origin of the provider.
            viseme_model: Viseme model of the conversation.
            now: Seconds since the epoch.

        Returns:
            A generator of the HTTP requests that have to be made first, if any; it returns the details.

        Raises:
            BadGateway: The provider made no ephemeral token.
        """


def made_token(answer: HttpAnswer, member: str, *, title: str, setting: str) -> str:
    """Return the ephemeral token in a provider's answer.

    Args:
        answer: Answer of the provider.
        member: Member of its JSON object that holds the token.
        title: Name of the provider, for people.
        setting: Setting that holds the key it was asked with.

    Raises:
        BadGateway: There is none; the text says why and holds nothing of the answer.
    """
    if answer.is_redirect:
        raise BadGateway(
            f"{title} made no ephemeral token and answered with a redirect (HTTP {answer.status}), "
            "which is not followed"
        )
    if answer.is_error:
        raise BadGateway(
            f"{title} made no ephemeral token and answered HTTP {answer.status}: check {setting}"
        )
    token = answer.member(member)
    if token is None:
        raise BadGateway(f"{title} made no ephemeral token: its answer holds none")
    return token
