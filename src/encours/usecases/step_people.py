"""Who writes, signs and gets what a step sends: the people whom its roles mean, for letters and e-mails alike."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from encours.core.base.issue import CallError
from encours.core.base.opt_outs import refused
from encours.store.models import Contact, Customer, PlannedAction, User
from encours.usecases.chased_facts import active_users, contacts_of
from encours.usecases.letter_settings import Signatory
from encours.usecases.letter_setup import signatories_of
from encours.usecases.letters import says
from encours.usecases.message_recipients import Writer, mailbox, ours, user_named

#: Whose postal address is taken where nobody of a step's roles has one, in this order.
_POSTED = ("accounts_payable", "accounting", "cfo", "site", "buyer")


def writer_of_step(action: PlannedAction, customer: Customer) -> User | None:
    """Who writes what the action sends: the colleague whom its sender role means; None: the entity itself."""
    if action.sender in ("", "collector"):
        if action.assigned_to_id:
            return next((one for one in active_users() if one.pk == action.assigned_to_id), None)
        return user_named(customer.collector)
    if action.sender == "sales_owner":
        return user_named(customer.sales_owner)
    # Of several credit managers the one to whom the customer is given writes, else the first.
    meant = {one.email.casefold() for one in ours(customer, action.sender)}
    found = [one for one in active_users() if one.email.casefold() in meant]
    return next((one for one in found if one.pk == action.assigned_to_id), found[0] if found else None)


def signatory_of(customer: Customer, role: str, on: date) -> Signatory:
    """Who signs for a role ("" any): named for it in the settings; else, of those named for none, the one who has that
    role with the customer; else the only one there is. Raises CallError that says what to do."""
    every = signatories_of(customer.entity_id, on)
    if not every:
        raise CallError(["who signs formal notices, with title and delegation, is not in the settings"])
    named = [one for one in every if role and one.role == role]
    open_ = [one for one in every if not one.role]
    people = {one.email.casefold() for one in ours(customer, role) if one.email}
    found = named or [one for one in open_ if one.email.casefold() in people] or (open_ if len(open_) == 1 else [])
    if not role:
        found = every
    if not found:
        said = role.replace("_", " ")
        raise CallError([f"nobody in the settings signs as {said}: name who does, with title and delegation"])
    return found[0]


def signed(writer: Writer, one: Signatory, entity_name: str, language: str) -> Writer:
    """The writer of a formal message: the signatory's name, title and delegation; answers come where they came."""
    said = says.word(language, "delegation", delegation=one.delegation) if one.delegation else ""
    address = writer.address.rpartition("<")[2].strip("> ") if writer.address else ""
    return replace(
        writer, name=one.name, title="\n".join(filter(None, (one.title, said))), email=one.email or writer.email,
        address=mailbox(f"{one.name} ({entity_name})", address) if address else "",
    )  # fmt: skip


def posted_to(customer_id: str, roles: Sequence[str] = (), contact_id: str = "") -> Contact | None:
    """To whom a letter goes: the contact named; else the first of the step's roles who has a postal address.

    Where they have none of their own, the letter goes to the first of them at the customer's address; where nobody
    has such a role, to whoever deals with payment there.
    """
    rows = contacts_of(customer_id)
    if chosen := [row for row in rows if contact_id and row.contact_id == contact_id]:
        return chosen[0]
    # Who wants no letters gets one only where nobody else has an address: the gate holds what may be refused.
    willing = [row for row in rows if "letter" not in refused(row.opt_out)]
    meant = [row for role in roles for row in willing if row.role == role]
    if at_home := [row for row in meant if row.address]:
        return at_home[0]
    posted = [row for row in willing if row.address] or [row for row in rows if row.address]
    known = min(posted, key=lambda row: _POSTED.index(row.role) if row.role in _POSTED else len(_POSTED), default=None)
    if known is None or not meant:
        return known
    made = copy.copy(known)
    made.contact_id, made.role = meant[0].contact_id, meant[0].role
    made.name, made.language = meant[0].name, meant[0].language or known.language
    return made
