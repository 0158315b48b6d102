"""A grammar of short Indonesian texts: small talk, service, news, numbers and every kind of verb.

Each rule takes a random generator and gives one sentence. Words fit each other by what they can stand for (a cook
cooks food), so that sentences are plain Indonesian, if at times unlikely ones.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tools.synthesis.indonesian import morphology as form
from tools.synthesis.indonesian import numbers
from tools.synthesis.indonesian import words as w

if TYPE_CHECKING:
    from collections.abc import Callable

    Rule = Callable[[random.Random], str]


def _person(rng: random.Random) -> str:
    if rng.random() < 0.6:  # noqa: PLR2004
        return rng.choice(w.PEOPLE)
    title = rng.choice(("", "", "Pak ", "Bu ", "Mas ", "Mbak ", "Bang ", "Kak "))
    surname = f" {rng.choice(w.SURNAMES)}" if rng.random() < 0.3 else ""  # noqa: PLR2004
    return title + rng.choice(w.NAMES) + surname


def _place(rng: random.Random) -> str:
    return rng.choice(w.CITIES) if rng.random() < 0.4 else rng.choice(w.PLACES)  # noqa: PLR2004


def _adverb(rng: random.Random) -> str:
    return rng.choice(w.WHEN) if rng.random() < 0.5 else rng.choice(w.HOW)  # noqa: PLR2004


def _active(rng: random.Random) -> str:
    frame = rng.choice(w.FRAMES)
    return f"{form.active(frame.root, frame.suffix)} {rng.choice(frame.objects)}"


def _clause(rng: random.Random) -> str:
    subject = _person(rng)
    modal = rng.choice(
        ("", "", "sudah", "belum", "akan", "sedang", "ingin", "harus", "tidak", "bisa", "masih")
    )
    kind = rng.random()
    if kind < 0.5:  # noqa: PLR2004
        said = f"{modal} {_active(rng)}"
    elif kind < 0.7:  # noqa: PLR2004
        said = f"{modal} {form.doing(rng.choice(w.DOING))} di {_place(rng)}"
    elif kind < 0.85:  # noqa: PLR2004
        said = f"{rng.choice(('sangat', 'cukup', 'agak', 'paling', 'semakin'))} {rng.choice(w.QUALITIES)}"
    else:
        said = f"{rng.choice(('pergi', 'pulang', 'berangkat', 'pindah', 'datang'))} ke {_place(rng)}"
    return " ".join(f"{subject} {said}".split())


def _passive(rng: random.Random) -> str:
    frame = rng.choice(w.FRAMES)
    modal = rng.choice(("", "sudah ", "akan ", "belum ", "harus ", "perlu ", "baru "))
    return f"{rng.choice(frame.objects)} {modal}{form.passive(frame.root, frame.suffix)} oleh {_person(rng)}"


def _chanced(rng: random.Random) -> str:
    frame = rng.choice(w.FRAMES)
    suffix = frame.suffix.removesuffix("kan")
    no = rng.choice(("", "tidak ", "sudah "))
    return f"{rng.choice(frame.objects)} {no}{form.chanced(frame.root, suffix)} {_adverb(rng)}"


def _question(rng: random.Random) -> str:
    frame = rng.choice(w.FRAMES)
    thing = rng.choice(frame.objects)
    return rng.choice(
        (
            f"Apakah {_clause(rng)}?",
            f"Mengapa {_clause(rng)}?",
            f"Kapan {_person(rng)} {_active(rng)}?",
            f"Di mana saya bisa {form.active(frame.root, frame.suffix)} {thing}?",
            f"Berapa harga {rng.choice(w.THINGS)} itu?",
            f"Siapa yang {_active(rng)}?",
            f"Bagaimana cara {form.active(frame.root, frame.suffix)} {thing}?",
            f"Ke mana {_person(rng)} pergi {rng.choice(w.WHEN)}?",
            f"Bolehkah saya {form.active(frame.root, frame.suffix)} {thing} {rng.choice(w.WHEN)}?",
            f"Mau {rng.choice(w.FOOD)} atau {rng.choice(w.FOOD)}?",
            f"Bukankah {thing} itu {rng.choice(w.QUALITIES)}?",
            f"Pernahkah Anda ke {rng.choice(w.CITIES)}?",
        )
    )


def _greeting(rng: random.Random) -> str:
    who = rng.choice(
        ("Bapak", "Ibu", "Kakak", rng.choice(w.NAMES), f"Pak {rng.choice(w.SURNAMES)}", "semuanya")
    )
    hail = rng.choice(
        ("Selamat pagi", "Selamat siang", "Selamat sore", "Selamat malam", "Halo", "Hai", "Permisi")
    )
    more = rng.choice(
        (
            "apa kabar?",
            "senang bertemu dengan Anda.",
            f"selamat datang di {_place(rng)}.",
            "ada yang bisa saya bantu?",
            f"nama saya {rng.choice(w.NAMES)} {rng.choice(w.SURNAMES)}.",
            "terima kasih sudah menunggu.",
            f"saya {rng.choice(w.NAMES)} dari {rng.choice(w.CITIES)}.",
            "semoga harimu menyenangkan.",
            "silakan duduk dulu.",
            f"sudah makan {rng.choice(w.FOOD)}?",
            "maaf mengganggu sebentar.",
            "mohon maaf lahir dan batin.",
        )
    )
    return f"{hail}, {who}, {more}"


def _service(rng: random.Random) -> str:
    frame = rng.choice(w.FRAMES[:-1])
    thing = rng.choice((rng.choice(w.THINGS), rng.choice(w.PAPERS), rng.choice(w.FOOD)))
    return rng.choice(
        (
            f"Mohon tunggu sebentar, saya akan {form.active('periksa')} pesanan Anda.",
            f"Pesanan {thing} Anda akan dikirim {numbers.date(rng)}.",
            f"Nomor pesanan Anda adalah {numbers.code(rng)}.",
            f"Silakan tekan {numbers.number(rng.randint(0, 9))} untuk berbicara dengan {rng.choice(w.PEOPLE)}.",
            f"Maaf, {thing} sedang habis, apakah Anda mau {rng.choice(w.FOOD)}?",
            f"Total belanja Anda {numbers.money(rng)}, sudah termasuk ongkos kirim.",
            f"Tolong {frame.root}{frame.suffix} {rng.choice(frame.objects)} {rng.choice(w.HOW)}, ya.",
            f"Baik, Ibu {rng.choice(w.SURNAMES)}, kamar Anda ada di lantai {numbers.number(rng.randint(1, 40))}.",
            f"Terima kasih telah menghubungi layanan pelanggan {rng.choice(w.CITIES)}.",
            f"Jangan lupa membawa {thing} dan {rng.choice(w.PAPERS)}.",
            f"Kami mohon maaf atas keterlambatan {rng.choice(w.PAPERS)} tersebut.",
            f"Bisakah Anda menyebutkan nomor telepon Anda? {numbers.code(rng)}, betul?",
            f"Kereta ke {rng.choice(w.CITIES)} berangkat {numbers.clock(rng)} dari jalur "
            f"{numbers.number(rng.randint(1, 12))}.",
            f"Untuk {form.active(frame.root, frame.suffix)} {rng.choice(frame.objects)}, klik tombol hijau.",
            f"Saldo rekening Anda tinggal {numbers.money(rng)}.",
            f"Dokter {rng.choice(w.NAMES)} praktik {numbers.clock(rng)} di {_place(rng)}.",
        )
    )


def _news(rng: random.Random) -> str:
    matter, other = rng.sample(w.MATTERS, 2)
    frame = rng.choice(w.FRAMES)
    who = rng.choice(
        ("Pemerintah", "Menteri perhubungan", "Gubernur", "Bank sentral", "Badan statistik", "Mahkamah")
    )
    return rng.choice(
        (
            f"{who} {form.active(frame.root, frame.suffix)} {rng.choice(frame.objects)} di {rng.choice(w.CITIES)}.",
            f"{who} menyatakan bahwa {matter} berpengaruh pada {other}.",
            f"Gempa berkekuatan {numbers.share(rng).removesuffix(' persen')} mengguncang {rng.choice(w.CITIES)}.",
            f"Jumlah penduduk {rng.choice(w.CITIES)} mencapai {numbers.number(rng.randint(10, 9999) * 1000)} jiwa.",
            f"Menurut {_person(rng)}, {matter} naik {numbers.share(rng)} dibandingkan tahun lalu.",
            f"Sebanyak {numbers.number(rng.randint(12, 990))} {rng.choice(('warga', 'penumpang', 'siswa'))} mengikuti "
            f"{form.act(rng.choice(w.ACTS))} {matter}.",
            f"Pertandingan antara {rng.choice(w.CITIES)} dan {rng.choice(w.CITIES)} berakhir "
            f"{rng.choice(numbers.DIGITS)} lawan {rng.choice(numbers.DIGITS)}.",
            f"Hujan deras disertai petir diperkirakan turun di {rng.choice(w.CITIES)} {rng.choice(w.WHEN)}.",
            f"Kecelakaan di {_place(rng)} menyebabkan {matter} terganggu.",
            f"{form.act(rng.choice(w.ACTS)).capitalize()} {matter} ditargetkan rampung {numbers.date(rng)}.",
            f"Nilai tukar rupiah {rng.choice(('menguat', 'melemah'))} {numbers.share(rng)} terhadap dolar Amerika.",
        )
    )


def _number(rng: random.Random) -> str:
    return rng.choice(
        (
            f"Rapat dimulai {numbers.clock(rng)} di {_place(rng)}.",
            f"Harga {rng.choice(w.FOOD)} {numbers.money(rng)} per porsi.",
            f"{rng.choice(w.NAMES)} lahir di {rng.choice(w.CITIES)}, {numbers.date(rng)}.",
            f"Saya membeli {numbers.number(rng.randint(2, 999))} "
            f"{rng.choice(('lembar', 'buah', 'kilo', 'ekor', 'pasang'))} di {rng.choice(w.PLACES)}.",
            f"Jaraknya {numbers.number(rng.randint(2, 2000))} kilometer dari {rng.choice(w.CITIES)}.",
            f"Acara itu berlangsung {numbers.clock(rng)} sampai {numbers.clock(rng)}.",
            f"Umurnya {numbers.number(rng.randint(1, 99))} tahun, tingginya "
            f"{numbers.number(rng.randint(90, 199))} sentimeter.",
            f"Hampir {numbers.share(rng)} dari {rng.choice(w.PEOPLE)} setuju.",
            f"Suhu di {rng.choice(w.CITIES)} hari ini {numbers.number(rng.randint(16, 38))} derajat.",
            f"{numbers.number(rng.randint(1, 10 ** rng.randint(2, 12))).capitalize()}.",
        )
    )


def _derived(rng: random.Random) -> str:
    state, act = form.state(rng.choice(w.STATES)), form.act(rng.choice(w.ACTS))
    return rng.choice(
        (
            f"{state.capitalize()} {_person(rng)} membuat {_person(rng)} terharu.",
            f"{act.capitalize()} {rng.choice(w.MATTERS)} membutuhkan {state}.",
            f"Kita harus menjaga {state} dan {form.state(rng.choice(w.STATES))} bersama.",
            f"Seorang {form.doer(rng.choice(w.DOERS))} {_active(rng)}.",
            f"Tanpa {act} yang {rng.choice(w.QUALITIES)}, {rng.choice(w.MATTERS)} akan gagal.",
            f"{act.capitalize()} {rng.choice(w.THINGS)} itu {rng.choice(w.QUALITIES)} sekali.",
        )
    )


def _loan(rng: random.Random) -> str:
    first, second, third = rng.sample(w.LOANS, 3)
    return rng.choice(
        (
            f"Kata {first}, {second}, dan {third} ada di dalam kamus.",
            f"Apa arti {first} dalam konteks {second}?",
            f"Topik hari ini adalah {first} dan {second}.",
            f"{first.capitalize()} tidak sama dengan {second}.",
            f"Tema {first} itu terlalu {rng.choice(w.QUALITIES)} untuk {rng.choice(w.PEOPLE)}.",
            f"Anak-anak belajar menulis {first}, bukan {second}.",
        )
    )


def _plain(rng: random.Random) -> str:
    said = _clause(rng)
    return f"{said[0].upper()}{said[1:]} {_adverb(rng)}."


def _linked(rng: random.Random) -> str:
    said = _clause(rng)
    return f"{said[0].upper()}{said[1:]}, {rng.choice(w.LINKS)} {_clause(rng)}."


def _spoken(rng: random.Random) -> str:
    start = rng.choice(
        ("Wah", "Aduh", "Oh ya", "Nah", "Baiklah", "Tentu saja", "Iya", "Bukan", "Menurut saya", "Jadi")
    )
    return f"{start}, {_clause(rng)}{rng.choice(('', ', kan', ', lho', ', ya', ', deh'))}."


def _about(rng: random.Random) -> str:
    thing = rng.choice((rng.choice(w.THINGS), rng.choice(w.FOOD), rng.choice(w.MATTERS)))
    more, most = rng.sample(w.QUALITIES, 2)
    return rng.choice(
        (
            f"{thing.capitalize()} ini lebih {more} daripada yang itu.",
            f"Rasanya {more}, tetapi tetap {most}.",
            f"{thing.capitalize()} yang {more} itu milik {_person(rng)}.",
            f"Bukan main {more}nya {thing} di {_place(rng)}!",
            f"Ada {thing} {more} di dekat {rng.choice(w.PLACES)}.",
        )
    )


def _opened(rule: Rule) -> Rule:
    """A rule whose sentence starts without a capital, as one with it and a full stop."""

    def sentence(rng: random.Random) -> str:
        said = rule(rng)
        return f"{said[0].upper()}{said[1:]}."

    return sentence


_RULES: tuple[tuple[Rule, float], ...] = (
    (_plain, 3),
    (_linked, 2),
    (_opened(_passive), 2),
    (_opened(_chanced), 1),
    (_question, 3),
    (_greeting, 1.5),
    (_service, 3),
    (_news, 3),
    (_number, 2.5),
    (_derived, 2),
    (_loan, 2),
    (_spoken, 1.5),
    (_about, 1.5),
)


def draw(seed: str, count: int) -> list[str]:
    """Distinct sentences, the same for the same seed.

    Args:
        seed: Of everything random.
        count: How many; tens of thousands are there to be drawn.
    """
    rng = random.Random(seed)  # noqa: S311 - no secret
    rules, weights = zip(*_RULES, strict=True)
    found: dict[str, None] = {}
    while len(found) < count:
        found.setdefault(rng.choices(rules, weights)[0](rng))
    return list(found)
