"""Advices written for people: each form says the same lines; what is not read is said with its line."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from encours.connectors.advice import is_mail, plain_text, read_mail, read_text
from encours.connectors.base.contract import Options, Source, connectors, recognise

_ROWS = "FA-2026-0101 01/02/2026 1 200,00 24,00 1 176,00\nFA-2026-0102 13/02/2026 1 264,50\n"


def _lines(text: str) -> list[tuple[str, Decimal, Decimal]]:
    return [(line.number, line.amount, line.deducted) for line in read_text(text).lines]


@pytest.mark.parametrize(
    ("row", "amount"),
    [
        ("FA-1001 1 234,56", "1234.56"),
        ("FA-1001 1.234,56", "1234.56"),
        ("FA-1001 1,234.56", "1234.56"),
        ("FA-1001 1'234.56", "1234.56"),
        ("FA-1001 12,345,678.90", "12345678.90"),
        ("FA-1001 234,56-", "-234.56"),
        ("FA-1001 -234.56", "-234.56"),
    ],
)
def test_amounts_in_the_writings_of_their_countries(row: str, amount: str) -> None:
    assert _lines(row) == [("FA-1001", Decimal(amount), Decimal(0))]


def test_html_is_read_as_its_reader_sees_it() -> None:
    html = (
        "<html><head><style>td{color:red}</style></head><body><p>Total&nbsp;: 2&nbsp;440,50</p><table>"
        + "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row.split('  '))}</tr>" for row in (
            "FA-2026-0101  01/02/2026  1 176,00", "FA-2026-0102  13/02/2026  1 264,50"))
        + "</table><script>FA-2026-0999 5,00</script></body></html>"
    )  # fmt: skip
    found = read_text(plain_text(html.encode()))
    assert [(line.number, line.amount) for line in found.lines] == [
        ("FA-2026-0101", Decimal("1176.00")), ("FA-2026-0102", Decimal("1264.50")),
    ]  # fmt: skip
    assert found.ties


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Donneur d'ordre : SARL Dupin", "SARL Dupin"),
        ("Émetteur : Coopérative des Vignes   Page 1", "Coopérative des Vignes"),
        ("Payer: ACME Retail Ltd", "ACME Retail Ltd"),
        ("De notre part : merci", None),
    ],
)
def test_who_pays(line: str, name: str | None) -> None:
    assert read_text(f"{line}\n{_ROWS}").payer_name == name


def test_rows_among_the_lines_that_were_not_read_are_said() -> None:
    found = read_text(f"Bonjour 2026\n{_ROWS}FA-2026-0103 voir courrier\nautre 75,00\nTotal : 2 440,50\nTVA 123456\n")
    assert found.unread == ((4, "FA-2026-0103 voir courrier"), (5, "autre 75,00"))
    assert found.total_line == 6


def test_a_mail_is_told_by_its_header_alone() -> None:
    assert is_mail(b"From: a@b.example\r\nSubject: x\r\n\r\nhello")
    assert not is_mail(b"Subject: x\n\nhello")
    assert not is_mail(b"From: the office\n\nhello")
    assert not is_mail(b"JournalCode\tJournalLib\n")


def test_a_broken_mail_is_read_as_far_as_it_goes() -> None:
    mail = read_mail(
        b"From: =?utf-8?q?Caf=C3=A9?= <a@b.example>\nDate: yesterday\nContent-Type: text/plain; charset=klingon\n\n"
        + _ROWS.encode("latin-1")
    )
    assert (mail.sender, mail.sent_on) == ("Café", None)
    assert len(read_text(mail.texts[0]).lines) == 2


def test_a_printed_invoice_stays_an_invoice() -> None:
    for path in sorted((Path(__file__).parents[3] / "src/encours/connectors/invoice_pdf/golden").glob("*.pdf")):
        found = recognise(Source.of(path))
        assert found is not None
        assert found.name == "invoice_pdf"


def test_a_mail_without_an_advice_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "m.eml"
    path.write_bytes(
        b"From: a@b.example\nSubject: x\nDate: Thu, 12 Mar 2026 09:14:02 +0100\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/mixed; boundary="p"\n\n--p\nContent-Type: text/plain\n\nBonjour\n--p\n'
        b'Content-Type: text/csv\nContent-Disposition: attachment; filename="avis.csv"\n\nfacture;montant\n--p--\n'
    )
    reading = connectors()["advice"].read(Source.of(path), Options())
    assert reading.issues["code"].to_list() == ["sheet_attached", "no_lines"]
    assert reading.facts["advice_head"]["paid_on"] == date(2026, 3, 12).isoformat()  # type: ignore[index]  # JSON
