"""The playground's agent at a provider, and its settings."""

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
"""Seconds during which an ephemeral token can start a conversation: the same as for the tokens of this server."""

FieldKind = Literal["secret", "name"]
"""A key, which is never shown, or an identifier."""


class PlaygroundAgent(Protocol):
    """The agent of one provider.

    Attributes:
        model: Name of its model, for people; ``None`` if the agent selects its own.
        fields: Settings for the real service: kind and description by name. Each is a setting
            ``MASCOT_DEMO_<PROVIDER>_<NAME>``; all or none must be set.
        simulated: Values of these settings for the simulated provider.
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
        """Return the connection details of one conversation, with an ephemeral token if the provider supports it.

        Args:
            values: Value of each of `fields`.
            origin: http(s) origin of the provider.
            viseme_model: Viseme model of the conversation.
            now: Seconds since the epoch.

        Returns:
            A generator of the required HTTP requests, if any; its return value is the connection details.

        Raises:
            BadGateway: The provider did not issue an ephemeral token.
        """


def made_token(answer: HttpAnswer, member: str, *, title: str, setting: str) -> str:
    """Return the ephemeral token from a provider's response.

    Args:
        answer: Response of the provider.
        member: Field of its JSON object that contains the token.
        title: Name of the provider, for people.
        setting: Setting that holds the API key of the request.

    Raises:
        BadGateway: There is no token; the text states why and quotes nothing of the response.
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
