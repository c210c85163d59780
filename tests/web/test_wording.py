"""Templates on their page: notices to colleagues stand there too, and what was refused is not lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from encours.store.models import MessageTemplate
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


def test_what_is_refused_stands_where_it_was_written(town: Town, client_of: Callable[[str], Client]) -> None:
    sent = {"of": "A", "code": "mention", "language": "en", "subject": "Read this", "text": "An hour of {{ works }}"}
    answer = client_of("claude").post("/templates/save/", sent)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "An hour of {{ works }}</textarea>" in page
    assert "works is not known" in page
    assert not MessageTemplate.objects.exists()
