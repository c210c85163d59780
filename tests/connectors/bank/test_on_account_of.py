"""For whose account a payer pays stands behind the text, in every format that tells it; ids are those of the text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

import encours.connectors
from encours.connectors.base.bank import BankFile, BankLine, on_account_of
from encours.connectors.base.contract import Options, Source, connectors

_ROOT = Path(encours.connectors.__path__[0])


def _said(kind: str, path: Path) -> tuple[str | None, str | None]:
    """Payer and text of the first receipt, in the order of the file."""
    reading = connectors()[kind].read(Source.of(path), Options())
    assert not reading.issues.filter(severity="error").height
    row = reading.tables["receipts"].row(0, named=True)
    return row["payer_name"], row["remittance"]


def _changed(kind: str, name: str, folder: Path, old: str, new: str) -> Path:
    text = (_ROOT / kind / "golden" / name).read_text(encoding="utf-8")
    assert old in text
    path = folder / name
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_camt(tmp_path: Path) -> None:
    old = "</DbtrAcct></RltdPties>"
    new = "</DbtrAcct><UltmtDbtr><Pty><Nm>Garage du Midi</Nm></Pty></UltmtDbtr></RltdPties>"
    payer, text = _said("camt", _changed("camt", "statement.xml", tmp_path, old, new))
    assert payer == "Menuiserie Exemple & Fils"
    assert text == "Facture FA-2026-0101 et FA-2026-0102 — P/C Garage du Midi"


def test_cfonb120(tmp_path: Path) -> None:
    lines = (_ROOT / "cfonb120" / "golden" / "statement.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    place = next(n for n, line in enumerate(lines) if line[45:48] == "NPY")
    own = lines[place][:45] + "NPO" + "GARAGE DU MIDI".ljust(70) + lines[place][118:]
    path = tmp_path / "statement.txt"
    path.write_text("".join([*lines[: place + 1], own, *lines[place + 1 :]]), encoding="utf-8")
    payer, text = _said("cfonb120", path)
    assert payer == "MENUISERIE EXEMPLE ET FILS"
    assert text is not None
    assert text.endswith("FA-2026-0101/FA-2026-0102 — P/C GARAGE DU MIDI")


@pytest.mark.parametrize(
    "told",
    [
        "166?00GUTSCHRIFT?20SVWZ+FA-2026-0101?21ABWA+GARAGE DU MIDI?32MENUISERIE EXEMPLE",
        "/TRTP/SEPA/NAME/MENUISERIE EXEMPLE/REMI/FA-2026-0101/ULTD//NAME/GARAGE DU MIDI",
    ],
)
def test_mt940(tmp_path: Path, told: str) -> None:
    path = tmp_path / "statement.sta"
    head = ":20:S\n:25:NL91ABNA0417164300\n:28C:1/1\n:60F:C260301EUR0,\n:61:260302C12,34NTRFNONREF\n"
    path.write_text(f"{head}:86:{told}\n:62F:C260302EUR12,34\n", encoding="utf-8")
    assert _said("mt940", path) == ("MENUISERIE EXEMPLE", "FA-2026-0101 — P/C GARAGE DU MIDI")


def test_who_pays_for_himself_is_not_said_twice() -> None:
    assert on_account_of("FA1", "dupont", "DUPONT") == "FA1"
    assert on_account_of("FA1", None, "DUPONT") == "FA1"
    assert on_account_of(None, "DURAND", "DUPONT") == "— P/C DURAND"


def test_ids_are_those_of_the_banks_own_text() -> None:
    ids = []
    for text in ("FA1", on_account_of("FA1", "DURAND", "DUPONT")):
        file = BankFile("test", "file", Options())
        statement = file.open(1, "ACCOUNT", "EUR", "1")
        line = BankLine(
            number=1, booked_on=date(2026, 3, 2), amount=Decimal(5), currency="EUR", kind="transfer", remittance=text
        )
        statement.count(line.amount, line.currency)
        file.add(statement, line)
        file.close(statement)
        ids += file.reading().tables["receipts"]["receipt_id"].to_list()
    assert len(ids) == 2
    assert len(set(ids)) == 1
