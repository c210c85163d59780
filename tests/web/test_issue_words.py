"""Issues and refusals on the screens: in the reader's language, English left as the engines wrote it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from encours.store.models import Import, ImportIssue, User
from tests.web.cast import Town

pytestmark = pytest.mark.one_database
_SHEET = "Compte client;Nom client;N° facture;Date facture;Échéance;Solde\nC1;Dupin;F1;28/02/2026;31/03/2026;12,00\n"


def _imported(client: Client) -> str:
    file = SimpleUploadedFile("ouverts.csv", _SHEET.encode())
    address: str = client.post("/imports/receive/", {"entity": "A", "files": file}).headers["Location"]
    client.post(f"{address}preview/")
    return address


@pytest.mark.parametrize(
    ("language", "shown", "hidden"),
    [
        ("fr", ("rien n’indique la devise", "dans la correspondance des colonnes."), "nothing says"),
        ("en", ("nothing says the currency", "Give the currency in the mapping of this source."), "rien n’indique"),
    ],
)
def test_issues_and_their_actions_are_in_the_reader_s_language(
    language: str, shown: tuple[str, ...], hidden: str, town: Town, client_of: Callable[[str], Client]
) -> None:
    User.objects.filter(username="camille").update(language=language)
    client = client_of("camille")
    page = client.get(_imported(client)).content.decode()
    assert all(text in page for text in shown)
    assert hidden not in page


def test_issues_of_a_kind_are_one_line_and_the_download_has_them_all(
    town: Town, client_of: Callable[[str], Client]
) -> None:
    client = client_of("camille")
    address = _imported(client)
    owner = Import.objects.get(pk=int(address.strip("/").split("/")[-1]))
    owner.issues.all().delete()
    ImportIssue.objects.bulk_create(
        ImportIssue(owner=owner, line=line, code="odd", severity="info", message=f"m{line}.") for line in range(25)
    )
    ImportIssue.objects.create(owner=owner, line=3, code="bad", severity="error", message="e3.")
    page = client.get(address).content.decode()
    assert page.count("<summary>") - page.count('<details class="menu') == 2
    assert page.index("e3.") < page.index("m0.")
    assert "m19." in page
    assert "m20." not in page
    lines = client.get(f"{address}issues.csv").content.decode().splitlines()
    assert len(lines) == 1 + 26
    assert "e3." in lines[1]


def test_why_a_list_is_held_is_in_french(town: Town, client_of: Callable[[str], Client]) -> None:
    User.objects.filter(username="camille").update(language="fr")
    client = client_of("camille")
    address = _imported(client)
    held = "entity A (EUR) is not in the list; the total of B (EUR) falls by 63% against 2026-01-31"
    Import.objects.filter(pk=int(address.strip("/").split("/")[-1])).update(state="held", held_because=held)
    page = client.get(address).content.decode()
    assert "la société A (EUR) est absente de la liste" in page
    assert "par rapport au 31/01/2026" in page


def test_a_refused_act_is_said_in_french(town: Town, client_of: Callable[[str], Client]) -> None:
    User.objects.filter(username="alice").update(language="fr")
    client = client_of("alice")
    answer = client.post("/imports/receive/", {"entity": "A"}, follow=True)
    assert "aucun fichier n’a été déposé" in answer.content.decode()
