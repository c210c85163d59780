"""Contacts of customers, kept by people: roles, languages, what they do not want; every change is a new version."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from encours.core.base.issue import CallError
from encours.core.base.opt_outs import CHANNELS, written
from encours.store import audit, parquet
from encours.store.models import Contact, Customer
from encours.usecases import clock
from encours.usecases.deciding import write_fact
from encours.usecases.merge.apply import Merged
from encours.usecases.promising import customer_of
from encours.usecases.rights import Actor, NotAllowedError, require

ACT = "manage_contacts"
#: Roles that scenarios write to; a file may bring others.
ROLES = ("accounts_payable", "buyer", "cfo", "executive", "accountant", "public_accountant", "site", "legal")
_EMAIL = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\"]+")
_PHONE = re.compile(r"\+?[\d\s().\-/]{6,30}")
_LANGUAGE = re.compile(r"[a-z]{2}")


@dataclass(frozen=True)
class ContactForm:
    """A contact as a person writes it. `language`: two letters, "" the customer's; `opt_out`: some of CHANNELS."""

    role: str
    name: str = ""
    email: str = ""
    phone: str = ""
    address: str = ""
    language: str = ""
    opt_out: tuple[str, ...] = ()


def add_contact(actor: Actor, customer_id: str, form: ContactForm) -> Contact:
    """Adds a contact. One with the same role, address and number is the same. Raises NotAllowedError, CallError."""
    customer = customer_of(actor, customer_id, ACT)
    require(actor, ACT, customer.entity_id)
    values = _values(form)
    with transaction.atomic():
        parquet.lock_entity(customer.entity_id)
        told = {name: values[name] for name in ("role", "name", "email", "phone")}
        before = Contact.objects.filter(customer_id=customer_id, is_current=True, **told).first()
        if before is not None:
            return before
        contact_id = f"{customer.entity_id}:encours-{uuid.uuid4().hex[:16]}"
        row = {"contact_id": contact_id, "customer_id": customer_id, **values}
        merged = _write(actor, customer, row, "add_contact")
    merged.extend_copies()
    return _now(contact_id)


def change_contact(actor: Actor, contact_id: str, form: ContactForm) -> Contact:
    """Changes a contact: a new version; a new address has not bounced yet. Raises NotAllowedError, CallError."""
    seen, customer = _seen(actor, contact_id)
    values = _values(form)
    with transaction.atomic():
        parquet.lock_entity(seen.entity_id)
        now = _now(contact_id)
        if all(getattr(now, name) == value for name, value in values.items()):
            return now
        bounced = now.bounced_on if now.email == values["email"] else None
        merged = _write(actor, customer, {"contact_id": contact_id, **values, "bounced_on": bounced}, "change_contact")
    merged.extend_copies()
    return _now(contact_id)


def remove_contact(actor: Actor, contact_id: str, why: str = "") -> None:
    """Takes a contact out of the book by a voided version: nobody is written to there any more. Twice is once."""
    gone = Contact.objects.filter(contact_id=contact_id).order_by("-pk").first()
    if gone is not None and gone.voided and actor.sees(gone.entity_id):
        return
    seen, customer = _seen(actor, contact_id)
    with transaction.atomic():
        parquet.lock_entity(seen.entity_id)
        merged = _write(actor, customer, {"contact_id": contact_id, "voided": True}, "remove_contact", why)
    merged.extend_copies()


def customer_of_contact(actor: Actor, contact_id: str) -> str:
    """Whose contact it is; "" where there is none that the actor may see."""
    row = actor.scope(Contact).filter(contact_id=contact_id, is_current=True).first()
    return "" if row is None else row.customer_id


def _write(actor: Actor, customer: Customer, row: Mapping[str, Any], act: str, why: str = "") -> Merged:
    merged = write_fact("contacts", row, customer.entity_id)
    # The audit holds no name and no address: which contact, and what about it was said.
    said = sorted(name for name, value in row.items() if value and name not in ("contact_id", "customer_id"))
    after = {"contact": row["contact_id"], "said": said, "opt_out": row.get("opt_out")}
    entity_id, subject = customer.entity_id, customer.customer_id
    audit.append(clock.now(), actor.name, act, entity_id=entity_id, subject=subject, after=after, why=why)
    return merged


def _values(form: ContactForm) -> dict[str, str | None]:
    """The columns of a contact. Raises CallError naming every fault."""
    email, phone, language = form.email.strip(), form.phone.strip(), form.language.strip().lower()
    faults = [] if form.role.strip() else ["a contact needs a role"]
    if email and not _EMAIL.fullmatch(email):
        faults.append(f"{email!r} is no e-mail address")
    if phone and not _PHONE.fullmatch(phone):
        faults.append(f"{phone!r} is no telephone number")
    if language and not _LANGUAGE.fullmatch(language):
        faults.append(f"{language!r} is no language of two letters")
    if not (email or phone or form.address.strip()):
        faults.append("a contact needs an address, a number or an e-mail")
    if unknown := [one for one in form.opt_out if one not in CHANNELS]:
        faults.append(f"nobody can refuse {', '.join(unknown)}")
    if faults:
        raise CallError(faults)
    return {
        "role": form.role.strip()[:32],
        "name": form.name.strip()[:255] or None,
        "email": email[:255] or None,
        "phone": phone[:64] or None,
        "address": form.address.strip() or None,
        "language": language or None,
        "opt_out": written(form.opt_out),
    }


def _seen(actor: Actor, contact_id: str) -> tuple[Contact, Customer]:
    seen = actor.scope(Contact).filter(contact_id=contact_id, is_current=True).first()
    if seen is None:
        raise NotAllowedError(ACT, None, "not_visible")
    require(actor, ACT, seen.entity_id)
    return seen, customer_of(actor, seen.customer_id, ACT)


def _now(contact_id: str) -> Contact:
    return Contact.objects.get(contact_id=contact_id, is_current=True)
