"""The texts. The first is the greeting, the others are answers, given in this order.

English is spoken by Festival, Indonesian by espeak-ng. Chosen for the mouth: many lips-closed sounds (p b m),
lip-to-teeth sounds (f v), rounded ones (w, oo) and r and l. One spelled word is one spoken word: no digits and no
abbreviations, so that word times are plain.
"""

REPLIES: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "1-greeting": ("Hello there, welcome back to the harbor desk.", "What may I help you find?"),
        "2-ferry": (
            "Of course.",
            "The blue ferry leaves for Marble Bay at half past five, from the lower wharf.",
        ),
        "3-room": (
            "Yes, we have a room above the river.",
            "Breakfast is warm bread, plum jam and very strong coffee.",
        ),
        "4-weather": (
            "I would pack a light umbrella.",
            "People who walk along the bluff often meet a brief, furious shower.",
        ),
        "5-view": (
            "My favorite view is from the old bell tower.",
            "Follow the brown wall, then climb the twelve wooden steps.",
        ),
    },
    "id": {
        "1-greeting": (
            "Halo Kakak, selamat datang di meja informasi pelabuhan.",
            "Ada yang bisa saya bantu?",
        ),
        "2-ferry": (
            "Tentu saja.",
            "Kapal feri biru berangkat ke pulau pukul setengah enam sore, dari dermaga bawah.",
        ),
        "3-room": (
            "Baik, masih ada kamar yang menghadap sungai.",
            "Sarapannya nasi uduk, pisang goreng, dan kopi tubruk.",
        ),
        "4-weather": (
            "Sebaiknya Bapak membawa payung.",
            "Menjelang malam biasanya turun hujan sebentar, tetapi anginnya kencang.",
        ),
    },
}
