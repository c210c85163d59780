"""Templates on their page: notices to colleagues stand there too, and what was refused is not lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from encours.store.models import MessageTemplate, User
from encours.usecases.frame_words import english, needed
from tests.web.cast import Town

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


def test_a_notice_is_written_with_its_preview(town: Town, client_of: Callable[[str], Client]) -> None:
    client = client_of("claude")
    page = client.get("/templates/?of=A&code=sales_digest&language=en").content.decode()
    assert "What a colleague reads" in page
    assert "Zirconia" in page
    sent = {"of": "A", "code": "sales_digest", "language": "en", "subject": "{{ count }} late", "tone": "neutral"}
    tried = client.post("/templates/preview/", sent | {"text": "{{ total }} in all", "customer": "A:0"})
    assert "in all" in tried.content.decode()
    client.post("/templates/save/", sent | {"text": "{{ total }} in all"})
    assert MessageTemplate.objects.get().code == "sales_digest"


def test_a_language_is_added_word_by_word_with_what_lacks_and_what_is_used_instead(
    town: Town, client_of: Callable[[str], Client]
) -> None:
    User.objects.update(language="en")
    client = client_of("claude")
    assert "Further languages" in client.get("/templates/?of=A").content.decode()
    assert "is no language: give its code" in client.get("/templates/?of=A&add=zzz").content.decode()
    page = client.get("/templates/?of=A&code=reminder_firm&add=de-AT").content.decode()
    assert "whoever reads German gets this message in English as a whole" in page
    assert "In spite of our earlier reminder" in page, "it begins with the English words"
    sent = {"of": "A", "code": "reminder_firm", "language": "de", "subject": "Mahnung", "tone": "firm",
            "text": "Guten Tag, {{ total }}", "customer": "A:0"}  # fmt: skip
    client.post("/templates/save/", sent)
    page = client.get("/templates/?of=A&code=reminder_firm&language=de").content.decode()
    assert "The text is translated, but 20 of the words around it are missing in German" in page
    frame = {"of": "A", "language": "de", "words.number": "Beleg", "words.held_note": "ohne"}
    answer = client.post("/templates/words/", frame)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "&#x27;amount&#x27; must stand in it</span>" in page
    assert 'value="Beleg"' in page
    assert not MessageTemplate.objects.filter(channel="frame").exists()
    words = {key: english()[key] for key in needed("email")}
    assert client.post("/templates/words/", frame | words).status_code == 302
    page = client.get("/templates/?of=A&code=reminder_firm&language=de").content.decode()
    assert "Complete: whoever reads German gets this message in German" in page
    assert "words around the text 20 of 80" in page
    assert client.get("/templates/words/?of=A&language=fr").status_code == 404
    assert client_of("colette").post("/templates/words/", frame | words).status_code == 403


def test_what_is_refused_stands_where_it_was_written(town: Town, client_of: Callable[[str], Client]) -> None:
    sent = {"of": "A", "code": "mention", "language": "en", "subject": "Read this", "text": "An hour of {{ works }}"}
    answer = client_of("claude").post("/templates/save/", sent)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "An hour of {{ works }}</textarea>" in page
    assert "works is not known" in page
    assert not MessageTemplate.objects.exists()


def test_a_letter_is_written_beside_its_page_and_in_its_tone(town: Town, client_of: Callable[[str], Client]) -> None:
    client = client_of("claude")
    at = "/templates/?of=A&channel=letter&code=formal_notice&language=fr"
    page = client.get(at).content.decode()
    assert "MISE EN DEMEURE" not in page, "the heading is no part of the words"
    assert page.count("data:image/png;base64") >= 1
    sent = {"of": "A", "code": "formal_notice", "language": "fr", "channel": "letter", "tone": "firm",
            "customer": "A:0", "subject": "À payer : {{ principal }}"}  # fmt: skip
    tried = client.post("/templates/preview/", sent | {"text": "{{ late_for }} de retard"}).content.decode()
    assert "data:image/png;base64" in tried
    refused = client.post("/templates/save/", sent | {"text": "{{ works }}"}).content.decode()
    assert "{{ works }}</textarea>" in refused
    assert not MessageTemplate.objects.exists()
    answer = client.post("/templates/save/", sent | {"text": "{{ late_for }} de retard"})
    assert "channel=letter&tone=firm" in answer.headers["Location"]
    row = MessageTemplate.objects.get()
    assert (row.channel, row.tone) == ("letter", "firm")
    assert "{{ late_for }} de retard</textarea>" in client.get(answer.headers["Location"]).content.decode()
    client.post("/templates/restore/", sent | {"opened": "firm"})
    row.refresh_from_db()
    assert not row.active
    assert client_of("colette").post("/templates/save/", sent | {"text": "x"}).status_code == 403
