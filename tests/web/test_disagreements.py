"""The queue of disagreements: a case at a time, judged by one key, the next at once; taken back; as a file."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from encours.store.models import MatchDisagreement, User
from tests.web.cast import Town

_PAGE = "/trust/disagreements/"


def test_a_case_shows_both_sides_and_the_next_follows(town: Town, client_of: Callable[[str], Client]) -> None:
    first = MatchDisagreement.objects.get(pk=town.ids["disagreement_id"])
    second = MatchDisagreement.objects.get(pk=first.pk)
    second.pk, second.digest, second.receipt_id, second.decision = None, "1" * 64, "A:3:r", "review"
    second.save()
    client = client_of("camille")
    page = client.get(_PAGE)
    case = page.context["page"].case
    assert case.disagreement_id == first.pk  # what would have posted by itself comes first
    assert [(line.number, line.ours, line.letter) for line in case.lines] == [
        ("ZIR-201", 123_458, None), ("ZIR-301", None, 123_458),
    ]  # fmt: skip
    assert [row.disagreement_id for row in page.context["page"].following] == [second.pk]
    answer = client.post(f"{_PAGE}judge/{first.pk}/", {"verdict": "letter"}, headers={"HX-Request": "true"})
    assert answer.context["page"].case.disagreement_id == second.pk
    first.refresh_from_db()
    assert (first.verdict, first.judged_by) == ("letter", User.objects.get(username="camille"))
    again = client.post(f"{_PAGE}judge/{first.pk}/", {"verdict": ""}, headers={"HX-Request": "true"})
    assert again.context["page"].case.disagreement_id == first.pk  # what was taken back is asked again at once


def test_wrong_letters_are_listed_and_leave_as_a_file(town: Town, client_of: Callable[[str], Client]) -> None:
    client = client_of("camille")
    client.post(f"{_PAGE}judge/{town.ids['disagreement_id']}/", {"verdict": "ours", "note": "the text names it"})
    listed = client.get(f"{_PAGE}?tab=wrong_letters").content.decode()
    assert "ZIR-301" in listed
    sheet = client.get(f"{_PAGE}export.csv").content.decode()
    assert "ZIR-201,ZIR-301" in sheet
    assert "the text names it" in sheet
    assert "All are judged" in client.get(_PAGE).content.decode()


def test_another_entitys_disagreements_do_not_show(town: Town, client_of: Callable[[str], Client]) -> None:
    MatchDisagreement.objects.update(entity_id="B")
    assert client_of("camille").get(_PAGE).context["page"].case is None
    number = town.ids["disagreement_id"]
    assert client_of("camille").post(f"{_PAGE}judge/{number}/", {"verdict": "ours"}).status_code == 404


def test_the_page_of_trust_counts_them(town: Town, client_of: Callable[[str], Client]) -> None:
    assert client_of("alice").get("/trust/?entity=A").context["page"].disagreements == 1
