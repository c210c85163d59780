"""What factors, insurers, platforms and courts tell comes in as a sheet and steers what is expected and left alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

import encours.connectors.cdar
from encours.store import parquet
from encours.store.models import CashForecast, Event, Import, ImportIssue
from encours.store.rights import job
from encours.usecases.convert_files import convert_files
from encours.usecases.forecast_cash import forecast_cash
from encours.usecases.import_files import import_now
from encours.usecases.predict_payments import predict_book_folder, predict_payments
from encours.usecases.read_files import ReadOptions
from tests.usecases.payers import DAY, load, open_items

pytestmark = pytest.mark.django_db
_HEAD = "Code client;N° facture;Événement;Date;Motif\n"
_SOON = DAY + timedelta(days=6)


@pytest.fixture(autouse=True)
def loaded(tmp_path: Path) -> None:
    load(tmp_path / "book")


def _bring(tmp_path: Path, name: str, text: str, later: int = 0) -> Import:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return import_now(job("test"), "A", [path], known_on=DAY + timedelta(days=later))


def _events(tmp_path: Path, *lines: str, name: str = "events.csv", later: int = 0) -> Import:
    return _bring(tmp_path, name, _HEAD + "".join(f"{line}\n" for line in lines), later)


def _open(customer: str) -> pl.DataFrame:
    return open_items(parquet.read_book(["A"])).filter(customer_id=f"A:{customer}").sort("due_on")


def _predicted() -> pl.DataFrame:
    return predict_payments(parquet.read_book(["A"]), DAY).tables["predictions"]


def test_a_sold_invoice_leaves_the_forecast(tmp_path: Path) -> None:
    first = _open("prompt").row(0, named=True)
    text = f"Débiteur;N° facture;Date de cession;Montant\nClient prompt;{first['number']};{DAY:%d/%m/%Y};1,00\n"
    assert _bring(tmp_path, "factor.csv", text).counts["events"]["new"] == 1
    forecast_cash(job("test"), day=DAY)
    left_out = CashForecast.objects.get(day=DAY, entity_id="A").left_out
    assert [row for row in left_out if "factored" in row] == [["factored", "EUR", 1, first["open"]]]


def test_nobody_is_left_alone_beyond_an_insurers_deadline(tmp_path: Path) -> None:
    alone = _predicted().filter(pl.col("leave_until_on") > _SOON + timedelta(days=1))
    item_id = alone["item_id"][0]
    number = parquet.read_book(["A"]).items.filter(item_id=item_id)["number"][0]
    text = f"N° facture;Date limite de déclaration\n{number};{_SOON:%d/%m/%Y}\n"
    _bring(tmp_path, "insurer.csv", text)
    bound = _predicted().filter(item_id=item_id)["leave_until_on"].item()
    assert bound is None or bound < _SOON


def test_a_refused_e_invoice_and_an_insolvency_shift_what_is_expected(tmp_path: Path) -> None:
    refused, owed = _open("prompt").row(0, named=True), _open("reliable")
    _events(
        tmp_path,
        f"prompt;{refused['number']};210 Refusée;{DAY:%d/%m/%Y};TVA",
        f"reliable;;Redressement judiciaire;{DAY:%d/%m/%Y};",
    )
    rows = _predicted()
    assert rows.filter(item_id=refused["item_id"])["p10_on"].item() > DAY + timedelta(days=30)
    assert (rows.filter(pl.col("item_id").is_in(owed["item_id"].implode()))["p10_on"] > DAY + timedelta(days=365)).all()


def test_the_status_messages_of_a_platform_come_in_by_their_moment(tmp_path: Path) -> None:
    item = _open("prompt").row(0, named=True)
    text = (Path(encours.connectors.cdar.__path__[0]) / "golden" / "refused.xml").read_text(encoding="utf-8")
    refused = text.replace("FA-2026-0043", item["number"])
    paths = [tmp_path / "b.xml", tmp_path / "a.xml"]
    paths[0].write_text(refused, encoding="utf-8")
    paths[1].write_text(refused.replace(">210<", ">205<").replace("20260127180000", "20260128090000"), encoding="utf-8")
    assert import_now(job("test"), "A", paths, known_on=DAY).counts["events"]["new"] == 2
    told = Event.objects.filter(kind__startswith="einvoice:").order_by("pk").values_list("subject_id", "kind")
    assert list(told) == [(item["item_id"], "einvoice:210"), (item["item_id"], "einvoice:205")]


def test_the_same_twice_adds_nothing_and_a_later_file_moves_a_deadline(tmp_path: Path) -> None:
    number = _open("prompt")["number"][0]
    _events(tmp_path, f"prompt;{number};échéance assureur;{_SOON:%d/%m/%Y};P7")
    again = _events(tmp_path, f"prompt;{number};échéance assureur;{_SOON:%d/%m/%Y};P7", "", name="again.csv", later=1)
    assert again.counts["events"] == {"new": 0, "same": 1, "changed": 0}
    moved = _SOON + timedelta(days=10)
    _events(tmp_path, f"prompt;{number};échéance assureur;{moved:%d/%m/%Y};P7", name="moved.csv", later=1)
    assert list(Event.objects.filter(kind="deadline:insurer", is_current=True).values_list("on", flat=True)) == [moved]
    known = parquet.read_book(["A"])
    assert known.as_of(DAY).events["on"].to_list() == [_SOON]
    assert known.as_of(DAY + timedelta(days=1)).events["on"].to_list() == [moved]


def test_what_names_none_of_ours_is_said_with_its_line(tmp_path: Path) -> None:
    number = _open("prompt")["number"][0]
    owner = _events(
        tmp_path,
        "prompt;NONE-1;cédée;31/03/2026;",
        "nobody;;liquidation;31/03/2026;",
        f"reliable;{number};cédée;31/03/2026;",
        f";{number};cédée;31/03/2026;",
    )
    said = ImportIssue.objects.filter(owner=owner, severity="error").order_by("line").values_list("line", "code")
    assert list(said) == [(2, "event_invoice_unknown"), (3, "event_customer_unknown"), (4, "event_invoice_of_another")]
    assert owner.counts["events"]["new"] == 1


def test_files_without_a_store_meet_each_other(tmp_path: Path) -> None:
    (tmp_path / "open.csv").write_text(
        "Code client;N° facture;Date facture;Échéance;Montant TTC;Devise\nC7;FA-1;15/01/2026;15/03/2026;1 200,00;EUR\n"
        "C8;FA-1;15/01/2026;15/03/2026;1 200,00;EUR\n",
        encoding="utf-8",
    )
    (tmp_path / "events.csv").write_text(
        _HEAD + "C7;FA-1;limite de rachat;20/06/2026;\n;FA-1;cédée;16/01/2026;\nC8;;sauvegarde;17/01/2026;\n",
        encoding="utf-8",
    )
    paths = [tmp_path / "open.csv", tmp_path / "events.csv"]
    read = convert_files(paths, tmp_path / "out", ReadOptions(entity_id="E"))
    told = read.book.events.select("subject_id", "kind", "known_on").rows()
    assert told[0][:2] == ("E:C7:FA-1", "deadline:factor")
    assert str(told[0][2]) == "2026-01-15"
    assert told[1][:2] == ("E:C8", "insolvency:opened")
    assert read.issues.filter(code="event_invoice_ambiguous")["line"].to_list() == [3]
    assert predict_book_folder(tmp_path / "out").as_of < _SOON  # a deadline to come is no day that the book knows of


def test_events_follow_an_invoice_that_the_ledger_takes_over(tmp_path: Path) -> None:
    """A list brought the invoice, a file its deadline; then the ledger tells the invoice under an id of its own."""
    listed = (
        "Code client;N° facture;Date facture;Échéance;Montant TTC;Devise\nC7;FA-1;15/01/2026;15/03/2026;1 200,00;EUR\n"
    )
    _bring(tmp_path, "open.csv", listed)
    _events(tmp_path, f"C7;FA-1;limite de rachat;{_SOON:%d/%m/%Y};")
    columns = [
        "JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum",
        "CompAuxLib", "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet", "ValidDate",
        "Montantdevise", "Idevise",
    ]  # fmt: skip
    sale = ["VE", "Ventes", "1", "20260115"]
    piece = ["FA-1", "20260115", "FA-1"]
    end = ["", "", "20260131", "", ""]
    rows = [
        columns,
        [*sale, "411000", "Clients", "C7", "Client C7", *piece, "1200,00", "0,00", *end],
        [*sale, "707000", "Ventes", "", "", *piece, "0,00", "1000,00", *end],
        [*sale, "445710", "TVA", "", "", *piece, "0,00", "200,00", *end],
    ]
    _bring(tmp_path, "123456789FEC20260131.txt", "".join("\t".join(row) + "\n" for row in rows), later=1)
    items = parquet.read_book(["A"]).current().items.filter(number="FA-1")
    told = Event.objects.filter(is_current=True).values_list("subject_id", "kind", "on")
    assert list(told) == [(items["item_id"].item(), "deadline:factor", _SOON)]
    assert items["item_id"].item() != "A:C7:FA-1"
    known = parquet.read_book(["A"])
    assert known.as_of(DAY + timedelta(days=1)).events["subject_id"].to_list() == items["item_id"].to_list()
