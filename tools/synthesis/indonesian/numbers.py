"""Numbers, dates, times and sums of money as Indonesian says them, all in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

DIGITS = ("nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan")
DAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
MONTHS = (
    *("Januari", "Februari", "Maret", "April", "Mei", "Juni"),
    *("Juli", "Agustus", "September", "Oktober", "November", "Desember"),
)
_POWERS = ((10**12, "triliun"), (10**9, "miliar"), (10**6, "juta"), (10**3, "ribu"))
_TEN, _TWENTY, _HUNDRED = 10, 20, 100


def number(n: int) -> str:
    """A whole number from 0 to below 10**15."""
    if n < _TEN:
        return DIGITS[n]
    if n == _TEN:
        return "sepuluh"
    if n < _TWENTY:
        return "sebelas" if n == _TEN + 1 else f"{DIGITS[n - _TEN]} belas"
    if n < _HUNDRED:
        return _joined(f"{DIGITS[n // _TEN]} puluh", n % _TEN)
    if n < 10 * _HUNDRED:
        hundreds = "seratus" if n < 2 * _HUNDRED else f"{DIGITS[n // _HUNDRED]} ratus"
        return _joined(hundreds, n % _HUNDRED)
    power, name = next(row for row in _POWERS if n >= row[0])
    many = "seribu" if n // power == 1 and name == "ribu" else f"{number(n // power)} {name}"
    return _joined(many, n % power)


def _joined(words: str, rest: int) -> str:
    return f"{words} {number(rest)}" if rest else words


def date(rng: random.Random) -> str:
    """A day with its month, and often its weekday or year."""
    words = f"tanggal {number(rng.randint(1, 31))} {rng.choice(MONTHS)}"
    if rng.random() < 0.4:  # noqa: PLR2004
        words = f"hari {rng.choice(DAYS)}, {words}"
    return f"{words} {year(rng)}" if rng.random() < 0.4 else words  # noqa: PLR2004


def year(rng: random.Random) -> str:
    """A year of the last hundred or of the next ten."""
    return number(rng.randint(1928, 2035))


def clock(rng: random.Random) -> str:
    """A time of day."""
    hour = rng.randint(1, 12)
    part = rng.choice(("pagi", "siang", "sore", "malam", ""))
    said = rng.choice(
        (
            number(hour),
            f"setengah {number(hour)}",
            f"{number(hour)} lewat {number(rng.randint(5, 25))} menit",
            f"{number(hour)} kurang seperempat",
            f"{number(hour)} lewat seperempat",
            f"{number(hour)} tepat",
        )
    )
    return f"pukul {said} {part}".rstrip()


def money(rng: random.Random) -> str:
    """A sum in rupiah."""
    scale = rng.choice((500, 1_000, 25_000, 100_000, 1_000_000, 1_000_000_000))
    return f"{number(scale * rng.randint(1, 99))} rupiah"


def code(rng: random.Random) -> str:
    """A number said digit by digit, in groups, as of a telephone or an order."""
    return ", ".join(
        " ".join(rng.choice(DIGITS) for _ in range(rng.choice((2, 3, 4)))) for _ in range(rng.choice((2, 3)))
    )


def share(rng: random.Random) -> str:
    """A percentage, a fraction or a decimal number."""
    whole = number(rng.randint(1, 99))
    return rng.choice(
        (
            f"{whole} persen",
            f"{whole} koma {rng.choice(DIGITS)} persen",
            "dua pertiga",
            "tiga perempat",
            "seperempat",
            "separuh",
            f"{whole} koma {rng.choice(DIGITS)} {rng.choice(DIGITS)}",
        )
    )
