"""To whom a message goes, from whom, and where answers come: contacts by role, colleagues by what they do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from email.headerregistry import Address

from encours.connectors.base.mime import bare, one_line
from encours.core.base.opt_outs import refused
from encours.store.models import Contact, Customer, Role, User
from encours.usecases.chased_facts import active_users, contacts_of
from encours.usecases.letter_setup import sender_of
from encours.usecases.manage_settings import setting

#: Contacts that deal with payment stand in for a role that nobody has, in this order.
_STANDING_IN = ("accounts_payable", "accounting", "cfo", "site", "buyer")
#: Roles of our own people, and how a person with that role is found.
_OURS = ("collector", "sales_owner", "credit_manager", "sales")


@dataclass(frozen=True)
class Person:
    """Somebody at a customer's, or one of ours."""

    name: str
    email: str
    phone: str = ""
    role: str = ""
    language: str = ""
    contact_id: str = ""

    @property
    def address(self) -> str:
        """`Name <name@host>`."""
        return mailbox(self.name, self.email)


@dataclass(frozen=True)
class Recipients:
    """To whom, who else sees it, and why somebody who should get it does not."""

    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    left_out: tuple[str, ...] = ()

    def nobody(self, customer_id: str) -> str:
        """The fault of a message to a customer where there is no `to`."""
        why = self.left_out[0] if self.left_out else "no_contact"
        return f"nobody of {customer_id} can be written to by e-mail: {why}"


@dataclass(frozen=True)
class Writer:
    """Who a message is from (`address`), who signs it, and where answers come."""

    address: str
    name: str
    email: str
    phone: str
    title: str
    reply_to: str
    copy_to: str = ""


def mailbox(name: str, email: str) -> str:
    """An address with its name, quoted where it must be."""
    found = bare(email)
    if not found:
        return email
    user, host = found.rsplit("@", 1)
    return str(Address(one_line(name)[:120], user, host)) if name else found


def recipients_of(customer: Customer, to: Sequence[str], cc: Sequence[str], channel: str = "email") -> Recipients:
    """The contacts of these roles whose address is good and who have not opted out; else whoever deals with payment."""
    good, left_out = [], []
    for row in contacts_of(customer.customer_id):
        why = _why_not(row, channel)
        if why:
            left_out.append(why)
        else:
            good.append(row)
    chosen = [row for role in to for row in good if row.role == role]
    if not chosen and good:
        ranked = sorted(good, key=lambda row: _STANDING_IN.index(row.role) if row.role in _STANDING_IN else 99)
        chosen = [row for row in ranked if row.role == ranked[0].role]
    people = _unique(_contact(row) for row in chosen)
    copied = [_contact(row) for role in cc for row in good if row.role == role]
    copied += [one for role in cc for one in ours(customer, role)]
    taken = {one.email.casefold() for one in people}
    return Recipients(
        people, _unique(one for one in copied if one.email.casefold() not in taken), tuple(dict.fromkeys(left_out))
    )


def _why_not(row: Contact, channel: str) -> str:
    """Why a contact is not written to: one of no_address, bad_address, bounced, opted_out; "" where it is."""
    if not row.email:
        return "no_address"
    if not bare(row.email):
        return "bad_address"
    if row.bounced_on is not None:
        return "bounced"
    return "opted_out" if channel in refused(row.opt_out) else ""


def ours(customer: Customer, role: str) -> list[Person]:
    """Our own people of a role: the customer's collector or sales owner, every credit manager of the entity."""
    if role not in _OURS:
        return []
    if role == "credit_manager":
        kinds = Role.objects.filter(entity_id=customer.entity_id, kind=Role.Kind.CREDIT_MANAGER.value)
        users = User.objects.filter(pk__in=kinds.values("user"), is_active=True).order_by("pk")
        return [_user(user) for user in users]
    named = customer.collector if role == "collector" else customer.sales_owner
    found = user_named(named)
    return [] if found is None else [_user(found)]


def user_named(text: str | None) -> User | None:
    """The user that a ledger's text means: by e-mail address, sign-in name or full name."""
    wanted = (text or "").strip().casefold()
    if not wanted:
        return None
    for user in active_users():
        if wanted in {user.email.casefold(), user.username.casefold(), user.get_full_name().casefold()}:
            return user
    return None


def writer_of(entity_id: str, entity_name: str, user: User | None, on: date) -> Writer:
    """From whom a message of the entity is, signed by a user (the collector) where one is known."""
    mail, letters = setting("mail.sender", entity_id, on), sender_of(entity_id, on)
    from_email = mail.get("address") or letters.email
    name = (user.get_full_name() or user.email) if user else (mail.get("name") or entity_name)
    own = user.email if user else from_email
    team = mail.get("team") or from_email
    reply_to = team if mail.get("reply_to") == "team" or user is None else own
    shown = f"{name} ({entity_name})" if user and name != entity_name else (mail.get("name") or entity_name)
    return Writer(
        mailbox(shown, from_email) if from_email else "", name, own, mail.get("phone") or letters.phone, "",
        reply_to, mail.get("copy_to", ""),
    )  # fmt: skip


def _contact(row: Contact) -> Person:
    return Person(row.name or "", row.email or "", row.phone or "", row.role, row.language or "", row.contact_id)


def _user(user: User) -> Person:
    return Person(user.get_full_name(), user.email, "", "user", user.language)


def _unique(people: Iterable[Person]) -> tuple[Person, ...]:
    found: dict[str, Person] = {}
    for one in people:
        found.setdefault(one.email.casefold(), one)
    return tuple(found.values())
