"""Draw texts in many languages, from translation packages under permissive licences.

Django's translations (BSD-3-Clause) contain sentences of user interfaces. Babel contains the CLDR
(Unicode-3.0): names of countries and languages, dates, sums of money, quantities. Numbers are written in digits, which
voices read out. Some texts are single words, like short answers.
"""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

_WORDS = range(1, 26)
_MESSAGE = re.compile(r'^msgstr(?:\[\d\])? ((?:".*"\n?)+)', re.MULTILINE)
_NOT_SPOKEN = re.compile(r"[%{}<>_/\\|@#=\[\]]|\.\.\.|https?:|[A-Z]{3}")
_SPLIT = re.compile(r"(?<=[.!?。！？।])\s+")  # noqa: RUF001 - full stops of other scripts
_SHARES = {"sentence": 0.5, "names": 0.25, "figures": 0.17, "word": 0.08}
_DJANGO = {"zh": "zh_Hans", "pt-br": "pt_BR", "cmn": "zh_Hans", "fil": "tl"}
_UNWRITTEN = ("zh", "ja", "th", "km", "my", "lo")  # scripts without spaces between words
_SPELLED_OUT = 40  # characters of a text in such a script, at most
_CURRENCIES = ("EUR", "USD", "GBP", "JPY", "CNY", "INR", "CHF", "BRL")
_UNITS = ("length-kilometer", "mass-kilogram", "duration-hour", "duration-day", "temperature-celsius")


class Texts:
    """Source of random texts in one language.

    Args:
        language: Its code (ISO 639-1), with an optional region: ``pt-br``.
        more: Further sentences in it, such as the transcripts of its corpora.
    """

    def __init__(self, language: str, more: tuple[str, ...] = ()) -> None:
        self._sentences = [text for text in (*more, *_messages(language)) if _speakable(text, language)]
        self._names, self._locale = _names(language)
        words = {word.strip(".,;:!?()\"'«»“”") for text in self._sentences for word in text.split()}
        self._words = sorted(word for word in words if len(word) > 1 and not any(c.isdigit() for c in word))
        self._kinds = {
            "sentence": bool(self._sentences),
            "names": bool(self._names),
            "figures": self._locale is not None,
            "word": bool(self._words) and not language.startswith(_UNWRITTEN),
        }
        if not any(self._kinds.values()):
            raise ValueError(f"there are no texts in {language!r}")

    def draw(self, random: random.Random) -> str:
        """Return one text: a word, a sentence or a list of names."""
        kinds = [kind for kind, present in self._kinds.items() if present]
        kind = random.choices(kinds, [_SHARES[kind] for kind in kinds])[0]
        if kind == "sentence":
            return random.choice(self._sentences)
        if kind == "names":
            return ", ".join(random.choice(self._names) for _ in range(random.randint(2, 5)))
        if kind == "word":
            return random.choice(self._words)
        return self._figures(random)

    def endless(self, random: random.Random) -> Iterator[str]:
        """Yield texts without end."""
        while True:
            yield self.draw(random)

    def _figures(self, random: random.Random) -> str:
        """Return a date, a time, a sum of money, a quantity or numbers."""
        dates: Any = import_module("babel.dates")
        numbers: Any = import_module("babel.numbers")
        units: Any = import_module("babel.units")
        match random.choice(("date", "time", "money", "quantity", "numbers")):
            case "date":
                day = date(1950, 1, 1) + timedelta(days=random.randrange(36_000))
                return str(dates.format_date(day, "full", locale=self._locale))
            case "time":
                at = time(random.randrange(24), random.randrange(60))
                return str(dates.format_time(at, "short", locale=self._locale))
            case "money":
                currency = random.choice(_CURRENCIES)
                name = numbers.get_currency_name(currency, random.randint(2, 9), locale=self._locale)
                return f"{random.randint(2, 900)} {name}"
            case "quantity":
                number, unit = random.randint(2, 99), random.choice(_UNITS)
                return str(units.format_unit(number, unit, "long", locale=self._locale))
            case _:
                sizes = (10 ** random.randint(1, 6) for _ in range(random.randint(2, 5)))
                return ", ".join(str(random.randrange(size)) for size in sizes)


def _speakable(text: str, language: str) -> bool:
    """Return whether voices are likely to read a text correctly."""
    if not text or _NOT_SPOKEN.search(text) or not any(c.isalpha() for c in text):
        return False
    if language.startswith(_UNWRITTEN):
        return len(text) <= _SPELLED_OUT
    return len(text.split()) in _WORDS


def _messages(language: str) -> list[str]:
    """Return sentences of Django's translations into a language, in one order."""
    name = _DJANGO.get(language, language.partition("-")[0])
    root = files("django")
    found: dict[str, None] = {}
    for part in ("conf", *(f"contrib/{app}" for app in ("admin", "admindocs", "auth", "gis", "humanize"))):
        catalogue = root / part / "locale" / name / "LC_MESSAGES" / "django.po"
        if not catalogue.is_file():
            continue
        for match in _MESSAGE.finditer(catalogue.read_text(encoding="utf-8")):
            text = "".join(
                line.strip()[1:-1].replace("\\n", " ").replace('\\"', '"') for line in match[1].splitlines()
            )
            for sentence in _SPLIT.split(text):
                found.setdefault(" ".join(sentence.split()))
    found.pop("", None)
    return list(found)


@cache
def _names(language: str) -> tuple[list[str], Any]:
    """Return names of countries, languages and months in a language, and its locale; none if CLDR lacks it."""
    babel: Any = import_module("babel")
    try:
        locale = babel.Locale.parse(language.replace("-", "_").replace("cmn", "zh"), sep="_")
    except (ValueError, babel.UnknownLocaleError):
        return [], None
    tables = (
        locale.territories,
        locale.languages,
        locale.months["format"]["wide"],
        locale.days["format"]["wide"],
    )
    names = {str(name) for table in tables for name in table.values()}
    return sorted(name for name in names if not _NOT_SPOKEN.search(name) and not name.isupper()), locale
