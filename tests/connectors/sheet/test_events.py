"""Sheets of events: a factor's list, an insurer's deadlines, a platform's statuses, a court's judgments."""

from __future__ import annotations

from pathlib import Path

import pytest

from encours.connectors.base.contract import Options, Reading, Source
from encours.connectors.sheet import CONNECTOR
from encours.connectors.sheet.event_words import meaning_of

STATUSES = """Numéro facture;SIREN acheteur;Montant TTC;Code statut;Libellé statut;Date statut
FA-1;552100554;100,00;205;Approuvée;15/01/2026
FA-2;552100554;100,00;210;Refusée;15/01/2026
FA-3;552100554;100,00;210;Approuvée;15/01/2026
FA-4;552100554;100,00;299;?;15/01/2026
"""
ENGLISH = """Customer number,Invoice no,Event,Event date,Reason
42,INV-1,Sold to the factor,2026-01-16,Alpha
42,,Compulsory liquidation,2026-01-20,
42,INV-2,Credit insurer deadline,2026-04-30,
"""
FACTOR = """Debtor,Invoice number,Assignment date,Amount,Factoring type
Lorne,INV-1,2026-01-16,100.00,undisclosed
Lorne,INV-2,2026-01-17,100.00,
"""


def _read(tmp_path: Path, text: str) -> Reading:
    path = tmp_path / "sheet.csv"
    path.write_text(text, encoding="utf-8")
    return CONNECTOR.read(Source.of(path), Options(entity_id="E"))


def _told(reading: Reading, *columns: str) -> list[tuple[object, ...]]:
    assert reading.named is not None
    return reading.named.select(columns).rows()


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Cédée à l'affacturage", "factor:assigned", None),
        ("vendu au factor", "factor:assigned", None),
        ("Affacturage confidentiel", "factor:assigned", "confidential"),
        ("Définancée", "factor:returned", None),
        ("non affacturée", "factor:released", None),
        ("Échéance assureur (déclaration de menace de sinistre)", "deadline:insurer", None),
        ("limite de rachat", "deadline:factor", None),
        ("Prescription", "deadline:limitation", None),
        ("statut e-facture 210 Refusée", "einvoice:210", None),
        ("e-facture : en litige", "einvoice:207", None),
        ("210", "einvoice:210", None),
        ("225 Affacturée", "factor:assigned", None),
        ("Ouverture d'une liquidation judiciaire", "insolvency:opened", "liquidation"),
        ("Mise en redressement judiciaire", "insolvency:opened", "redressement"),
        ("sauvegarde", "insolvency:opened", "sauvegarde"),
        ("créance déclarée", "insolvency:declared", None),
        ("Remis en recouvrement", "handed_over:agency", None),
        ("reconnaissance de dette", "limitation:acknowledgement", None),
    ],
)
def test_a_word_of_the_trade_is_an_event(text: str, kind: str, value: str | None) -> None:
    meaning = meaning_of(text)
    assert meaning is not None
    assert (meaning.kind, meaning.value) == (kind, value)


@pytest.mark.parametrize(
    "text",
    [
        "non cédée", "cédée ?", "210 Approuvée", "299", "refusée", "clôture pour insuffisance d'actif",
        "conversion en liquidation judiciaire", "pas de procédure collective", "2101", "",
    ],
)  # fmt: skip
def test_what_is_no_such_word_is_not_guessed(text: str) -> None:
    assert meaning_of(text) is None


def test_a_label_alone_is_a_status_in_a_column_of_statuses() -> None:
    meaning = meaning_of("Refusée", of_platform=True)
    assert meaning is not None
    assert meaning.kind == "einvoice:210"


def test_statuses_of_a_platform_are_events_and_what_contradicts_itself_is_an_issue(tmp_path: Path) -> None:
    reading = _read(tmp_path, STATUSES)
    assert _told(reading, "number", "legal_id", "kind") == [
        ("FA-1", "552100554", "einvoice:205"),
        ("FA-2", "552100554", "einvoice:210"),
    ]
    assert reading.issues.select("code", "line").rows() == [("event_unknown", 4), ("event_unknown", 5)]
    assert reading.issues["action"].null_count() == 0


def test_a_list_in_english(tmp_path: Path) -> None:
    reading = _read(tmp_path, ENGLISH)
    assert reading.facts["kind"] == "events"
    assert _told(reading, "about", "number", "customer_id", "kind", "value") == [
        ("item", "INV-1", "E:42", "factor:assigned", None),
        ("customer", None, "E:42", "insolvency:opened", "liquidation"),
        ("item", "INV-2", "E:42", "deadline:insurer", None),
    ]


def test_a_factors_list_says_who_collects(tmp_path: Path) -> None:
    reading = _read(tmp_path, FACTOR)
    assert reading.facts["kind"] == "factor_list"
    assert _told(reading, "number", "kind", "value") == [
        ("INV-1", "factor:assigned", "confidential"),
        ("INV-2", "factor:assigned", None),
    ]


def test_an_events_line_without_its_invoice_is_an_issue(tmp_path: Path) -> None:
    reading = _read(tmp_path, "Code client;Événement;Date\nC1;210 Refusée;2026-01-16\nC1;Cédée;2026-01-16\n")
    assert reading.issues["code"].to_list() == ["event_without_invoice"]
    assert _told(reading, "about", "kind") == [("customer", "factor:assigned")]
