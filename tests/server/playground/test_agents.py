"""Whom the page talks to: services whose keys are set, else simulated ones in the language of the viseme model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support.pages import PROVIDERS, Page, first_turn
from support.servers import run_server

from mascot_server import simulators
from mascot_server.simulators.core.voice import LANGUAGES, answer, greeting

if TYPE_CHECKING:
    from support.servers import Providers

pytestmark = pytest.mark.anyio

MODELS = {"en": "default", "id": "indonesian"}


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_without_keys_simulated_agents_speak_the_models_language(
    page: Page, provider: str, language: Any
) -> None:
    connection = page.connect(provider, MODELS[language]).raise_for_status().json()
    said, heard = await first_turn(provider, connection)
    reply = greeting(language) if provider == "elevenlabs" else answer(0, language)
    assert said.split() == reply.text.split()
    assert '"visemeId"' in heard


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_with_its_key_the_real_service_speaks(
    keyed_page: Page, providers: Providers, provider: str
) -> None:
    before = len(providers.sent)
    connection = keyed_page.connect(provider, "indonesian").raise_for_status().json()
    said, _ = await first_turn(provider, connection)
    assert said.split()[0] in {greeting("en").text.split()[0], answer(0, "en").text.split()[0]}
    # A conversation of another test may still be ending.
    assert provider in {sent.provider for sent in providers.sent[before:]}


async def test_one_key_does_not_make_the_others_real(providers: Providers, nowhere: str) -> None:
    demo = {"openai_api_key": simulators.OPENAI_API_KEY}
    with run_server(nowhere, openai_url=providers.origin, demo=demo) as server:
        page = Page(server.origin)
        shown = {provider["id"]: provider["simulated"] for provider in page.config()["providers"]}
        assert shown == {"elevenlabs": True, "openai": False, "gemini": True}
        for provider in PROVIDERS:
            await first_turn(provider, page.connect(provider).raise_for_status().json())


async def test_what_the_page_gets_holds_no_key(keyed_page: Page, keys: dict[str, str]) -> None:
    for provider in PROVIDERS:
        text = json.dumps(keyed_page.connect(provider).json())
        for secret in (*keys.values(), simulators.OPENAI_EPHEMERAL, simulators.GEMINI_EPHEMERAL):
            assert secret not in text
