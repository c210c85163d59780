"""Statements that customers open by a signed link: published into a folder of their own, revoked at once."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from encours.core.base.issue import CallError
from encours.store import audit, parquet
from encours.store.models import Customer, PublishedStatement
from encours.usecases import clock
from encours.usecases.letter_statement import statement_data
from encours.usecases.letters.typeset import typeset
from encours.usecases.manage_settings import setting
from encours.usecases.payment_block import Chased
from encours.usecases.rights import Actor, NotAllowedError, require
from encours.usecases.show_customer import statement_items
from encours.usecases.viewing import Viewing

ACT = "publish_statement"
#: How long a link lives, in days.
DAYS = 30


@dataclass(frozen=True)
class Link:
    """A published statement and where its customer opens it. `opened_at`: last, to the hour; None: not that we know."""

    token: str
    customer_id: str
    address: str
    expires_at: datetime
    published_at: datetime
    opened_at: datetime | None = None


@dataclass(frozen=True)
class Links:
    """What a customer's page says of its links; without the right to publish none is shown: a link is a key."""

    are_on: bool
    may_publish: bool
    may_set: bool
    links: list[Link]


def links_are_on(entity_id: str) -> bool:
    """Whether a public address is set: until then nothing is published."""
    return bool(setting("portal.public_address", entity_id, clock.today()))


def publish_statement(
    actor: Actor, customer_id: str, language: str = "", items: Sequence[Chased] = (), days: int = DAYS
) -> Link:
    """Publishes today's statement of a customer; what stands published and says the same is given again.

    Raises NotAllowedError, or CallError where no public address is set.
    """
    customer = actor.scope(Customer).filter(customer_id=customer_id, is_current=True).first()
    if customer is None:
        raise NotAllowedError(ACT, None, "not_visible")
    entity_id = customer.entity_id
    require(actor, ACT, entity_id)
    if not links_are_on(entity_id):
        raise CallError(["no public address is set in the settings: statements are not published"])
    found = statement_items(Viewing(actor, (entity_id,), clock.today()), customer_id)
    assert found is not None
    data = statement_data(entity_id, customer_id, clock.today(), language, found[1], found[2], items)
    pdf = typeset(data, clock.today())
    digest = hashlib.sha256(pdf).hexdigest()
    with transaction.atomic():
        parquet.lock_entity(entity_id)
        _prune(entity_id)
        standing = PublishedStatement.objects.filter(
            customer_id=customer_id, sha256=digest, revoked_at__isnull=True, expires_at__gt=clock.now() + timedelta(1)
        ).first()
        if standing is not None and (_folder() / f"{standing.token}.pdf").is_file():
            return _link(standing)
        row = PublishedStatement(
            token=secrets.token_urlsafe(24), entity_id=entity_id, customer_id=customer_id, day=clock.today(),
            language=data["language"], user=actor.user, published_at=clock.now(),
            expires_at=clock.now().replace(microsecond=0) + timedelta(days=days), sha256=digest,
        )  # fmt: skip
        _write(row.token, pdf, _facts(data, customer))
        row.save()
        after = {"statement": row.pk, "sha256": digest, "expires_at": row.expires_at}
        audit.append(clock.now(), actor.name, ACT, entity_id=entity_id, subject=customer_id, after=after)
    return _link(row)


def revoke_statement(actor: Actor, token: str) -> str:
    """Takes a published statement away at once; its customer's id. Twice is once. Raises NotAllowedError."""
    row = actor.scope(PublishedStatement).filter(token=token).first()
    if row is None:
        raise NotAllowedError(ACT, None, "not_visible")
    require(actor, ACT, row.entity_id)
    with transaction.atomic():
        parquet.lock_entity(row.entity_id)
        _remove(row.token)
        if PublishedStatement.objects.filter(pk=row.pk, revoked_at__isnull=True).update(revoked_at=clock.now()):
            audit.append(
                clock.now(), actor.name, "revoke_statement", entity_id=row.entity_id, subject=row.customer_id,
                after={"statement": row.pk},
            )  # fmt: skip
    return str(row.customer_id)


def statement_links(actor: Actor, entity_id: str, customer_id: str) -> Links:
    """Whether statements of an entity are published by link, and the customer's links that can be opened now."""
    may = actor.may(ACT, entity_id).ok
    return Links(
        links_are_on(entity_id), may, actor.may("manage_settings", entity_id).ok,
        live_links(actor, customer_id) if may else [],
    )  # fmt: skip


def live_links(actor: Actor, customer_id: str) -> list[Link]:
    """The links of a customer that can be opened now, the newest first."""
    rows = actor.scope(PublishedStatement).filter(
        customer_id=customer_id, revoked_at__isnull=True, expires_at__gt=clock.now()
    )
    opened = _openings() if rows else {}
    return [replace(_link(row), opened_at=opened.get(_name_of(row.token))) for row in rows.order_by("-published_at")]


def _link(row: PublishedStatement) -> Link:
    expiry = int(row.expires_at.timestamp())
    start = str(setting("portal.public_address", row.entity_id, clock.today())).rstrip("/")
    # The same as `cli.published.link`, which shares no code with us: a test holds the two together.
    signed = hmac.new(_key(), f"{row.token}.{expiry}".encode(), hashlib.sha256).hexdigest()
    address = f"{start}/s/{row.token}.{expiry}.{signed}"
    return Link(row.token, row.customer_id, address, row.expires_at, row.published_at)


def _home() -> Path:
    return Path(settings.HOME) / "published"


def _folder() -> Path:
    return _home() / "s"


def _name_of(token: str) -> str:
    """What the list of openings calls a statement: nobody can make a link of it."""
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def _openings() -> dict[str, datetime]:
    """When each statement was last opened, as the process that serves them notes it (`cli.published`)."""
    try:
        lines = (_home() / "opened").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return {}
    found = {}
    for line in lines:
        name, _, at = line.partition(" ")
        if at.isdecimal() and len(at) < 12:
            found[name] = datetime.fromtimestamp(int(at), UTC)
    return found


def _key() -> bytes:
    """The folder's own key, made with the first link; changing it kills all links."""
    path = _home() / "key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        except FileExistsError:
            return path.read_bytes()
        with os.fdopen(handle, "wb") as out:
            out.write(secrets.token_urlsafe(48).encode())
        (path.parent / "opened").touch(0o660)  # an account of its own may be given this one file to write to
    return path.read_bytes()


def _facts(data: dict[str, Any], customer: Customer) -> dict[str, Any]:
    """What the page beside the PDF says: no line of the account, only its sums."""
    account = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in customer.customer_id)
    return {
        "language": data["language"], "title": data["subject"], "entity": data["sender"]["name"],
        "customer": customer.name, "sums": [row[:2] for row in data["items"]["sums"]],
        "file": f"{account}-{clock.today():%Y-%m-%d}.pdf",
    }  # fmt: skip


def _write(token: str, pdf: bytes, facts: dict[str, Any]) -> None:
    """Both files, whole: the PDF first, so that a page never offers what is not there."""
    _folder().mkdir(parents=True, exist_ok=True)
    for name, content in ((f"{token}.pdf", pdf), (f"{token}.json", json.dumps(facts, ensure_ascii=False).encode())):
        part = _folder() / f"{name}.part"
        part.write_bytes(content)
        part.replace(_folder() / name)


def _remove(token: str) -> None:
    for suffix in ("json", "pdf"):
        (_folder() / f"{token}.{suffix}").unlink(missing_ok=True)


def _prune(entity_id: str) -> None:
    """Takes away what expired: nobody can open it, and it need not lie there."""
    for token in PublishedStatement.objects.filter(
        entity_id=entity_id, expires_at__lt=clock.now(), revoked_at__isnull=True
    ).values_list("token", flat=True):
        _remove(token)
