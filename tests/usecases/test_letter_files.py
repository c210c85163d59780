"""Letters: their figures to the cent, what they refuse, and that they are archive PDFs of what the facts say."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path
from typing import Any

import pypdf
import pytest

from benchmarks.dunning.letters import preflight_jars, validate
from encours.core.base.issue import CallError
from encours.store.models import Event
from encours.usecases.letter_files import Chased, letter_pdf, payment_block, penalties, ready_text, statement_pdf
from encours.usecases.letter_parts import KINDS, letter_data
from tests.usecases.letter_cases import (
    DAY,
    FACTOR_IBAN,
    IBAN,
    a_customer,
    a_letter,
    a_payment,
    an_invoice,
    sold_to_factor,
    workshop,
)

pytestmark = pytest.mark.django_db


def text_of(pdf: bytes) -> str:
    """All words of a PDF in reading order, blanks made one."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return (
        " ".join(" ".join(page.extract_text() for page in pages).split()).replace("\u00a0", " ").replace("\u202f", " ")
    )


def sums_of(data: dict[str, Any]) -> dict[str, str]:
    return {label: amount.replace("\u00a0", " ").replace("\u202f", " ") for label, amount, _ in data["claim"]}


def lines_of(data: dict[str, Any]) -> list[tuple[str, ...]]:
    """(days, base, rate, interest) of each line of the penalties."""
    rows = [row["cells"] for row in data["penalties"]["rows"] if not row["head"]]
    return [tuple(cell.replace("\u00a0", " ").replace("\u202f", " ") for cell in row[1:]) for row in rows]


def test_a_delay_over_three_half_years_is_claimed_line_by_line_and_rounded_once() -> None:
    workshop()
    customer = a_customer("Dupin")
    data = letter_data(a_letter(customer, "firm", an_invoice(customer, "F1", 1_200_000, date(2024, 11, 15))))
    assert lines_of(data) == [
        ("46", "12 000,00", "14,25 %", "215,51"),
        ("181", "12 000,00", "13,15 %", "782,52"),
        ("72", "12 000,00", "12,15 %", "287,61"),
    ]
    assert sums_of(data) == {
        "Factures": "12 000,00 €",
        "Pénalités de retard": "1 285,63 €",
        "Indemnité forfaitaire (1 × 40 €)": "40,00 €",
        "Total à régler": "13 325,63 €",
    }


def test_the_contracts_rate_is_taken_where_the_settings_name_one() -> None:
    workshop(penalties__contract="legal 3")
    customer = a_customer("Dupin")
    data = letter_data(a_letter(customer, "firm", an_invoice(customer, "F1", 1_200_000, date(2024, 11, 15))))
    assert [line[-1] for line in lines_of(data)] == ["223,22", "662,31", "196,00"]
    assert sums_of(data)["Pénalités de retard"] == "1 081,53 €"
    assert "conditions générales" in data["penalties"]["notes"][0]


def test_money_received_lowers_the_base_from_the_next_day() -> None:
    workshop()
    customer = a_customer("Dupin")
    item = a_payment(an_invoice(customer, "F1", 1_200_000, date(2024, 11, 15)), 500_000, date(2025, 1, 31))
    data = letter_data(a_letter(customer, "formal_notice", item))
    assert [line[:2] + line[3:] for line in lines_of(data)] == [
        ("46", "12 000,00", "215,51"),
        ("31", "12 000,00", "134,02"),
        ("150", "7 000,00", "378,29"),
        ("72", "7 000,00", "167,77"),
    ]
    assert sums_of(data)["Pénalités de retard"] == "895,59 €"
    assert sums_of(data)["Total à régler"] == "7 935,59 €"


def test_a_public_buyer_pays_the_frozen_rate() -> None:
    workshop()
    customer = a_customer("Mairie", kind="public")
    data = letter_data(a_letter(customer, "firm", an_invoice(customer, "F1", 1_200_000, date(2025, 3, 3))))
    assert lines_of(data) == [("191", "12 000,00", "11,15 %", "700,16")]
    assert "commande publique" in data["mentions"][0]
    assert "441-10" not in data["mentions"][0]


def test_a_consumer_is_never_asked_for_penalties_nor_told_of_merchants_law() -> None:
    workshop()
    customer = a_customer("Martin", kind="consumer")
    item = an_invoice(customer, "F1", 1_200_000, date(2024, 11, 15))
    for kind in KINDS:
        data = letter_data(a_letter(customer, kind, item, claim=True))
        assert data["penalties"] is None
        assert not data["claim"]
        text = text_of(letter_pdf(a_letter(customer, kind, item)))
        assert "40 €" not in text
        assert "L. 441-10" not in text
        assert "12 000,00 €" in text


def test_what_is_contested_or_credited_bears_no_penalty() -> None:
    workshop()
    customer = a_customer("Dupin")
    whole = an_invoice(customer, "F1", 1_200_000, date(2024, 11, 15))
    part = Chased(whole.item_id, 700_000, 500_000)
    credited = a_payment(
        an_invoice(customer, "F2", 1_200_000, date(2024, 11, 15)), 500_000, date(2025, 1, 31), "credit"
    )
    alone = an_invoice(customer, "F3", 700_000, date(2024, 11, 15))
    assert len({one.interest for one in penalties([part, credited, alone], DAY)}) == 1


def test_the_indemnity_is_due_for_each_invoice_and_not_where_insolvency_forbids_payment() -> None:
    workshop()
    customer = a_customer("Dupin")
    items = [an_invoice(customer, f"F{n}", 100_00, date(2025, 8, 1)) for n in range(3)]
    assert sums_of(letter_data(a_letter(customer, "firm", *items)))["Indemnité forfaitaire (3 × 40 €)"] == "120,00 €"
    Event.objects.create(
        entity_id="A", subject="customer", subject_id=customer, kind="insolvency:opened", on=date(2025, 9, 1)
    )
    assert not any(one.indemnity_cents for one in penalties(items, DAY))


def test_a_formal_notice_says_all_that_makes_it_one() -> None:
    workshop()
    customer = a_customer("Dupin")
    item = an_invoice(
        customer, "FA-2024-118", 1_200_000, date(2024, 11, 15), issued_on=date(2024, 10, 16), order_ref="BC-77"
    )
    item = a_payment(item, 500_000, date(2025, 1, 31))
    text = text_of(letter_pdf(a_letter(customer, "formal_notice", item, channel="registered_letter", reference="R-9")))
    for said in (
        "LETTRE RECOMMANDÉE AVEC AVIS DE RÉCEPTION", "MISE EN DEMEURE DE PAYER", "article 1344 du Code civil",
        "Meuleton SAS", "Société Dupin", "8 quai des Forges", "10 septembre 2025", "R-9",
        "FA-2024-118", "16/10/2024", "15/11/2024", "12 000,00", "5 000,00", "7 000,00", "commande BC-77",
        "895,59", "40,00 €", "7 935,59 €", "25 septembre 2025", "FR76 3000 6000 0112 3456 7890 189", "AGRIFRPP",
        "injonction de payer", "La directrice financière", "acte du président du 2 janvier 2025", "D. 441-5",
    ):  # fmt: skip
        assert said in text, said


def test_a_formal_notice_without_a_signatory_is_refused() -> None:
    workshop(letters__signatories=[])
    customer = a_customer("Dupin")
    letter = a_letter(customer, "formal_notice", an_invoice(customer, "F1", 100_00, date(2025, 8, 1)))
    with pytest.raises(CallError, match="delegation"):
        letter_pdf(letter)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_letter_is_an_archive_pdf_in_both_languages(kind: Any, language: str) -> None:
    workshop()
    customer = a_customer("Dupin")
    item = an_invoice(customer, "F1", 1_200_000, date(2024, 11, 15))
    pdf = letter_pdf(a_letter(customer, kind, item, language=language))
    check_archive(pdf, language)
    text = text_of(pdf)
    assert "{{" not in text
    assert "Meuleton SAS" in text
    assert letter_pdf(a_letter(customer, kind, item, language=language)) == pdf  # the same facts, the same file


def check_archive(pdf: bytes, language: str) -> None:
    """What makes a PDF an archive one, looked up in the file itself."""
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    root: Any = reader.trailer["/Root"]
    assert not reader.is_encrypted
    assert "/JavaScript" not in str(root.get("/Names", ""))
    assert "/OpenAction" not in root
    assert root["/Lang"].startswith(language)
    intent = root["/OutputIntents"][0]
    assert intent["/S"] == "/GTS_PDFA1"
    assert intent["/DestOutputProfile"].get_object().get_data()
    xmp = root["/Metadata"].get_object().get_data().decode()
    assert "pdfaid:part" in xmp
    assert "pdfaid:conformance" in xmp
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert {"/FontFile2", "/FontFile3"} & set(descriptor), font["/BaseFont"]


def test_an_independent_validator_calls_them_archive_pdfs(tmp_path: Path) -> None:
    if preflight_jars() is None:
        pytest.skip("Preflight is not installed (Debian: libpdfbox2-java, libjaxb-api-java)")
    workshop()
    customer = a_customer("Dupin")
    item = an_invoice(customer, "F1", 1_200_000, date(2024, 11, 15))
    for kind in KINDS:
        (tmp_path / f"{kind}.pdf").write_bytes(letter_pdf(a_letter(customer, kind, item)))
    (tmp_path / "statement.pdf").write_bytes(statement_pdf("A", customer, items=[item]))
    assert validate(sorted(tmp_path.glob("*.pdf"))) == (5, [])


def test_nothing_of_the_facts_is_read_as_markup() -> None:
    workshop()
    customer = a_customer("Dupin", name='#panic("no") $x$ *gras* \\ " <b>')
    item = an_invoice(customer, "#F_1*", 100_00, date(2025, 8, 1), label="= titre")
    text = text_of(letter_pdf(a_letter(customer, "friendly", item, text="#let x = 1\n\n---\n\n@fin *non*")))
    assert '#panic("no") $x$ *gras*' in text
    assert "#F_1*" in text
    assert "#let x = 1" in text
    assert "@fin *non*" in text


def test_a_letter_needs_an_address_and_one_creditor() -> None:
    workshop()
    workshop("B")
    here, there = a_customer("Dupin", address=None), a_customer("Dupin", "B")
    mine, other = an_invoice(here, "F1", 100_00, date(2025, 8, 1)), an_invoice(there, "F1", 100_00, date(2025, 8, 1))
    with pytest.raises(CallError, match="postal address"):
        letter_pdf(a_letter(here, "friendly", mine))
    letter_pdf(a_letter(here, "friendly", mine, channel="email"))
    with pytest.raises(CallError, match="one creditor"):
        letter_pdf(a_letter(here, "friendly", mine, other, channel="email"))
    with pytest.raises(CallError, match="one creditor"):
        payment_block([mine, other])


def test_a_request_for_payment_has_one_currency_and_one_collector() -> None:
    workshop()
    customer = a_customer("Dupin")
    euro, dollar = an_invoice(customer, "F1", 100_00, DAY), an_invoice(customer, "F2", 100_00, DAY, currency="USD")
    sold, other = an_invoice(customer, "F3", 100_00, DAY), an_invoice(customer, "F4", 100_00, DAY)
    sold_to_factor(sold)
    sold_to_factor(other, value="Inconnu")
    for mixed in ([euro, dollar], [euro, sold], [sold, other]):
        with pytest.raises(CallError, match="a request for payment"):
            payment_block(mixed)
    with pytest.raises(CallError, match="factor 'Inconnu'"):
        payment_block([other])
    block = payment_block([sold], day=DAY)
    assert (block.iban, block.holder) == (FACTOR_IBAN, "Comptoir d’affacturage")
    assert "subrogation dans les droits de Meuleton SAS" in (block.mention or "")
    text = text_of(letter_pdf(a_letter(customer, "friendly", sold)))
    assert "FR76 3000 4000 0312 3456 7890 143" in text
    assert "subrogation" in text
    assert "0189" not in text
    assert payment_block([dollar]).qr is None
    assert payment_block([dollar]).iban == ""


def test_a_claim_that_came_back_from_the_factor_is_paid_to_us_again() -> None:
    workshop()
    customer = a_customer("Dupin")
    item = an_invoice(customer, "F1", 100_00, DAY)
    sold_to_factor(item)
    Event.objects.create(entity_id="A", subject="item", subject_id=item.item_id, kind="factor:returned", on=DAY)
    assert payment_block([item], day=DAY).iban == IBAN


@pytest.mark.parametrize(("value", "detail", "iban"), [
    ("confidential", "CIF", IBAN), ("Confidential", None, IBAN),
    ("mandate", "CIF", FACTOR_IBAN), ("own_collection", None, FACTOR_IBAN),
])  # fmt: skip
@pytest.mark.parametrize("whole", [False, True])
def test_a_debtor_of_a_confidential_sale_pays_us_and_one_told_of_it_the_factor(
    value: str, detail: str | None, iban: str, whole: bool
) -> None:
    workshop()
    customer = a_customer("Dupin")
    item, other = an_invoice(customer, "F1", 100_00, DAY), an_invoice(customer, "F2", 50_00, DAY)
    about = ("customer", customer) if whole else ("item", item.item_id)
    Event.objects.create(
        entity_id="A", subject=about[0], subject_id=about[1], kind="factor:assigned", on=date(2025, 1, 2), value=value,
        detail=detail,
    )  # fmt: skip
    block = payment_block([item], day=DAY)
    assert (block.iban, block.mention is None) == (iban, iban == IBAN)
    if whole or iban == IBAN:
        assert payment_block([item, other], day=DAY).iban == iban


def test_the_code_to_scan_is_what_the_standard_says() -> None:
    from segno import helpers

    workshop()
    customer = a_customer("Dupin")
    free = an_invoice(customer, "F1", 1_234_56, DAY)
    own = an_invoice(customer, "F2", 5, DAY, payment_reference="RF18 5390 0754 7034")
    wrong = an_invoice(customer, "F3", 5, DAY, payment_reference="RF19539007547034")
    lines = (payment_block([free]).qr or "").split("\n")
    assert lines == ["BCD", "002", "1", "SCT", "AGRIFRPP", "Meuleton SAS", IBAN, "EUR1234.56", "", "", "F1"]
    block = payment_block([own])
    assert block.creditor_reference == block.reference == "RF18539007547034"
    ours = helpers.make_epc_qr("Meuleton SAS", IBAN, "0.05", reference="RF18539007547034", bic="AGRIFRPP", encoding=1)
    assert (block.qr or "").split("\n")[:10] == [
        *("BCD", "002", "1", "SCT", "AGRIFRPP", "Meuleton SAS", IBAN),
        *("EUR0.05", "", "RF18539007547034"),
    ]
    assert ours.error == "M"
    assert "<svg" in (block.qr_svg() or "")
    assert payment_block([wrong]).creditor_reference is None
    assert payment_block([free, own]).text == "F1 F2"
    many = [an_invoice(customer, f"FACTURE-{n:04}", 100, DAY) for n in range(40)]
    assert len(payment_block(many).text) <= 140
    assert payment_block(many).text.endswith("+30")


def test_a_group_letter_names_the_account_of_each_invoice() -> None:
    workshop()
    payer, site = a_customer("Holding"), a_customer("Site")
    items = [an_invoice(payer, "F1", 100_00, date(2025, 8, 1)), an_invoice(site, "F2", 200_00, date(2025, 8, 1))]
    text = text_of(letter_pdf(a_letter(payer, "friendly", *items)))
    assert "compte de Société Site" in text
    assert "compte de Société Holding" not in text
    assert "300,00 €" in text


def test_dollars_are_asked_for_in_dollars_and_the_indemnity_beside_them() -> None:
    workshop(payment__accounts=[{"holder": "", "iban": IBAN, "bic": "", "currency": "USD"}])
    customer = a_customer("Acme", country="US", language="en")
    item = an_invoice(customer, "F1", 1_000_00, date(2025, 6, 30), currency="USD")
    data = letter_data(a_letter(customer, "firm", item))
    assert sums_of(data)["Total to pay"] == "1,023.97 USD + 40.00 €"
    assert data["payment"]["qr"] is None
    assert data["payment"]["rows"][0][1].replace("\u00a0", " ") == "1,023.97 USD"
    assert data["recipient"][-1] == "UNITED STATES"


def test_a_statement_marks_what_is_asked_for_and_asks_for_that() -> None:
    workshop()
    customer = a_customer("Dupin")
    asked = an_invoice(customer, "F1", 100_00, date(2025, 8, 1))
    an_invoice(customer, "F2", 250_00, date(2025, 12, 1))
    pdf = statement_pdf("A", customer, language="fr", items=[asked])
    check_archive(pdf, "fr")
    text = text_of(pdf)
    assert "Relevé de compte" in text
    assert "F2" in text
    assert "pièces en gras" in text
    assert "IBAN" in text
    with pytest.raises(CallError, match="not a customer"):
        statement_pdf("A", "B:1")


def test_ready_texts_use_only_names_that_letters_fill() -> None:
    workshop()
    customer = a_customer("Dupin")
    item = an_invoice(customer, "F1", 100_00, date(2025, 8, 1))
    for language in ("fr", "en"):
        for kind in KINDS:
            ready = ready_text(kind, language)
            data = letter_data(
                a_letter(customer, kind, item, text=ready.text, subject=ready.subject, language=language)
            )
            assert "{{" not in str(data)
            assert data["before"]
            assert data["after"]
