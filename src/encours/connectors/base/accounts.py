"""Bank account numbers as one spelling: the IBAN where it can be known, else the number without blanks."""

from __future__ import annotations

import re

_RIB_LETTERS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "12345678912345678923456789")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{10,30}")


def normal_account(text: str) -> str:
    """Upper case, no blanks or dashes: `FR76 3000 4…` and `fr763000 4…` are one account."""
    return text.upper() if text.isalnum() else re.sub(r"[\s-]+", "", text).upper()


def is_iban(text: str) -> bool:
    """Whether the text has an IBAN's form and a right check number (ISO 13616, mod 97)."""
    account = normal_account(text)
    return bool(_IBAN.fullmatch(account)) and _mod97(account[4:] + account[:4]) == 1


def rib_key(bank: str, branch: str, account: str) -> str:
    """The two digits of a French RIB: 97 − ((89·bank + 15·branch + 3·account) mod 97), letters mapped."""
    numbers = [int(part.upper().translate(_RIB_LETTERS)) for part in (bank, branch, account)]
    return f"{97 - (89 * numbers[0] + 15 * numbers[1] + 3 * numbers[2]) % 97:02d}"


def french_iban(bank: str, branch: str, account: str) -> str:
    """The IBAN of a French account from its 5 + 5 + 11 characters. Raises ValueError where they are not that."""
    bank, branch, account = (normal_account(part) for part in (bank, branch, account))
    if not (re.fullmatch(r"\d{5}", bank) and re.fullmatch(r"\d{5}", branch) and re.fullmatch(r"[A-Z0-9]{11}", account)):
        raise ValueError(f"{bank} {branch} {account} is not a French account")
    bban = bank + branch + account + rib_key(bank, branch, account)
    return f"FR{98 - _mod97(bban + 'FR00'):02d}{bban}"


def known_account(text: str) -> str | None:
    """The account of a bank's own spelling: an IBAN with or without its currency, a French RIB, else as it stands."""
    account = re.sub(r"/[A-Z]{3}$", "", normal_account(text)[:64])
    for candidate in (account, account[:-3] if account[-3:].isalpha() else account):
        if is_iban(candidate):
            return candidate
    bank, branch, number, key = account[:5], account[5:10], account[10:21], account[21:]
    if re.fullmatch(r"\d{10}[A-Z0-9]{11}\d{2}", account) and rib_key(bank, branch, number) == key:
        return french_iban(bank, branch, number)
    return account or None


def _mod97(text: str) -> int:
    return int("".join(str(int(character, 36)) for character in text)) % 97
