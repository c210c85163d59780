"""Invented identities: names from word parts, SIREN, VAT and IBAN numbers with right keys that nobody bears."""

from __future__ import annotations

import numpy as np

from encours.core.sample.draws import Ints, Texts, pick


def _words(text: str) -> list[str]:
    return text.split()


_HEADS = _words(
    "Bar Bel Bos Bran Cal Cam Cor Cres Dal Dor Du Es Fal Far Flo Gar Gal Hau Jar Kel Lan Lor Mar Mel Mon "
    "Mor Nor Or Par Pel Per Ral Ren Roc Sar Sel Sol Tal Tor Val Var Ver Vil Zan"
)
_MIDDLES = _words("a ba bi ca ci da de di go la le li lo ma mi na ni ra ri ro sa si ta ti va vi bri dra fo gue lam mon")
_TAILS = _words(
    "bert brac card ceau court dan del dier din don drac dron fort gnac jon lac lard let lier lin mand "
    "mard met mont nac nard nel net nier nin pont quin rac rand rel ret rin ron sac sart sel ssac tel tin "
    "toux trac vard vel vin"
)
_TRADES = {
    "construction": "Menuiserie Charpente Maçonnerie Électricité Plomberie Toitures Béton Travaux",
    "industry": "Mécanique Fonderie Usinage Plasturgie Emballages Outillage Tôlerie Ateliers",
    "wholesale": "Distribution Négoce Comptoir Matériaux Fournitures Grossiste Équipement Dépôt",
    "services": "Conseil Ingénierie Services Logistique Maintenance Nettoyage Formation Sécurité",
    "retail": "Bazar Maison Boutique Magasins Jardinerie Librairie Optique Papeterie",
    "food": "Boulangerie Traiteur Primeurs Saveurs Laiterie Brasserie Salaisons Épicerie",
}
_LEGAL = {"SAS": 0.42, "SARL": 0.34, "SA": 0.07, "EURL": 0.08, "SNC": 0.03, "SCOP": 0.02, "": 0.04}
_PUBLIC = ("Commune de {}", "Ville de {}", "Centre hospitalier de {}", "Lycée de {}", "Communauté de communes du {}")
_FIRST = _words(
    "Adèle Alix Anouk Aurèle Basile Camille Céleste Clovis Edgar Elia Elouan Faustine Gaspard Inès Jeanne "
    "Lazare Léonie Loïc Maël Margot Marius Nine Octave Odile Pauline Rémi Sacha Salomé Théa Ugo Victoire "
    "Zoé"
)
CITIES = _words(
    "Valbrac Montcernel Saint-Dorvin Belcourt Roquefard Villemarin Hautelac Corsac-sur-Orne Pont-Lardier Fontgnac"
)


def stems(rng: np.random.Generator, size: int) -> Texts:
    """`size` different invented proper nouns, like `Valdrac` and `Cormilin`."""
    heads, middles, tails = (np.array(parts, dtype=object) for parts in (_HEADS, _MIDDLES, _TAILS))
    count = len(heads) * len(middles) * len(tails)
    chosen = rng.choice(count, size=size, replace=False) if size <= count else rng.permutation(size)
    head, rest = np.divmod(chosen % count, len(middles) * len(tails))
    middle, tail = np.divmod(rest, len(tails))
    return np.asarray(heads[head] + middles[middle] + tails[tail], dtype=object)


def company_names(rng: np.random.Generator, nouns: Texts, segments: Texts) -> Texts:
    """Company names of the segment's trade with a legal form before, after or nowhere."""
    size = len(nouns)
    trade = np.empty(size, dtype=object)
    for segment, words in _TRADES.items():
        rows = np.flatnonzero(segments == segment)
        trade[rows] = rng.choice(np.array(words.split(), dtype=object), len(rows))
    shape = pick(rng, {"trade first": 0.5, "noun first": 0.2, "ets": 0.1, "family": 0.1, "bare": 0.1}, size)
    base = np.where(shape == "trade first", trade + " " + nouns, nouns + " " + trade)
    base = np.where(shape == "ets", "Ets " + nouns, base)
    base = np.where(shape == "family", nouns + " et Fils", base)
    base = np.where(shape == "bare", nouns, base)
    legal = pick(rng, _LEGAL, size)
    named = np.where(rng.random(size) < 0.3, legal + " " + base, base + " " + legal)
    return np.array([name.strip() for name in named], dtype=object)


def segments(rng: np.random.Generator, size: int) -> Texts:
    """The trade of each company."""
    return pick(rng, dict.fromkeys(_TRADES, 1.0), size)


def public_names(rng: np.random.Generator, nouns: Texts) -> Texts:
    """Names of public bodies."""
    shape = rng.integers(0, len(_PUBLIC), len(nouns))
    return np.array([_PUBLIC[s].format(noun) for s, noun in zip(shape, nouns, strict=True)], dtype=object)


def person_names(rng: np.random.Generator, nouns: Texts) -> Texts:
    """Names of people: a first name and an invented family name."""
    first = rng.choice(np.array(_FIRST, dtype=object), len(nouns))
    return np.asarray(first + " " + nouns, dtype=object)


def sirens(rng: np.random.Generator, size: int) -> Ints:
    """`size` different SIREN with a right Luhn key. They begin with 0, which INSEE gives to nobody."""
    body = rng.choice(9_000_000, size=size, replace=False) + 1_000_000
    digits = np.stack([body // 10**power % 10 for power in range(8)], axis=1)
    doubled = digits[:, ::2] * 2
    total = (doubled // 10 + doubled % 10).sum(axis=1) + digits[:, 1::2].sum(axis=1)
    return np.asarray(body * 10 + (10 - total % 10) % 10)


def siren_texts(numbers: Ints) -> Texts:
    """SIREN as nine characters."""
    return np.array([f"{number:09d}" for number in numbers], dtype=object)


def vat_texts(numbers: Ints) -> Texts:
    """The French VAT id of each SIREN: FR, key (12 + 3·(SIREN mod 97)) mod 97, SIREN."""
    keys = (12 + 3 * (numbers % 97)) % 97
    return np.array([f"FR{key:02d}{number:09d}" for key, number in zip(keys, numbers, strict=True)], dtype=object)


def ibans(banks: Ints, branches: Ints, accounts: Ints) -> Texts:
    """French IBANs with right RIB and IBAN keys, from numbers of 5, 5 and 11 digits."""
    rib = 97 - (89 * (banks % 97) + 15 * (branches % 97) + 3 * (accounts % 97)) % 97
    # BBAN followed by "FR00" (15 27 00) modulo 97, part by part: the whole number has 29 digits.
    rest = banks % 97
    for part, width in ((branches, 5), (accounts, 11), (rib, 2), (np.full_like(rib, 152700), 6)):
        rest = (rest * pow(10, width, 97) + part % 97) % 97
    keys = 98 - rest
    return np.array(
        [
            f"FR{key:02d}{bank:05d}{branch:05d}{account:011d}{check:02d}"
            for key, bank, branch, account, check in zip(keys, banks, branches, accounts, rib, strict=True)
        ],
        dtype=object,
    )
