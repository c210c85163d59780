"""Template tags of every page: amounts, dates, words, the ageing bar, addresses. Built in, nothing to load."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django import template
from django.http import QueryDict
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from encours.web.shell import format as form
from encours.web.shell import words
from encours.web.shell.issue_words import said as sentence
from encours.web.shell.issue_words import said_why

register = template.Library()
_ISO_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_COLUMNS = re.compile(r"^ *\S.*\S {2,}\S.*\n *\S.* {2,}\S", re.MULTILINE)  # two lines with gaps: aligned columns
WIDTH = 1000  # of a bar's own coordinates


@register.filter
def money(minor: int | None, currency: str = "EUR") -> str:
    """`{{ row.balance|money:row.currency }}`."""
    return form.money(minor, currency)


@register.filter
def units(minor: int | None, currency: str = "EUR") -> str:
    """Money without its cents, for figures that are read, not checked."""
    return form.money(minor, currency, cents=False)


@register.filter
def about(minor: int | None, currency: str = "EUR") -> str:
    """A round amount with its currency, as people say it: 48 k€, 1.2 M€, 950 €."""
    return form.about(minor, currency)


@register.filter
def phone_link(number: str) -> str:
    """A telephone number as a link dials it."""
    return "".join(sign for sign in number if sign.isdigit() or sign == "+")


@register.filter
def change(minor: int, currency: str = "EUR") -> str:
    """Money with its sign, plus too."""
    return ("+" if minor > 0 else "") + form.money(minor, currency, cents=False)


@register.filter
def number(value: float | None, decimals: int = 0) -> str:
    """A plain number in the reader's writing."""
    return form.number(value, decimals)


@register.filter
def percent(share: float | None, decimals: int = 1) -> str:
    """A share as per cent."""
    return form.percent(share, decimals)


@register.filter
def budget(rate: float | None) -> str:
    """An error rate as people say it: 0.001 is `1 in 1,000`."""
    return "—" if not rate else _("1 in %(many)s") % {"many": form.number(round(1 / rate))}


@register.filter
def day(value: date | datetime | None, style: str = "short") -> str:
    """A civil date."""
    return form.day(value, style)


@register.filter
def span(first: date, last: date) -> str:
    """Two days with a dash between, short: `9 Dec – 20 Dec`."""
    year = first.year != last.year
    return f"{form.day(first, 'd MMM yy' if year else 'd MMM')} – {form.day(last, 'd MMM yy' if year else 'd MMM')}"


@register.filter
def moment(value: datetime | None) -> str:
    """A stamp."""
    return form.moment(value)


@register.filter
def word(code: str | None, kind: str) -> str:
    """`{{ item.kind|word:"item" }}`: the trade's word for a code; an unknown code stays itself."""
    return words.word(kind, code)


@register.filter
def said(message: str | None) -> str:
    """`{{ issue.message|said }}`: what an engine or a connector says, in the reader's language."""
    return sentence(message)


@register.filter
def passages(text: str) -> list[tuple[str, str]]:
    """`{% for kind, words in text|passages %}`: a message in passages; a `table` keeps its columns, `words` wrap."""
    parts = [part for part in re.split(r"\n[ \t]*\n", text) if part.strip()]
    return [("table" if _COLUMNS.search(part) else "words", part.strip("\n")) for part in parts]


@register.filter
def dated(message: str) -> str:
    """`{{ row.sentence|said|dated }}`: days that an engine wrote as 2026-11-21, as the reader writes them."""
    return _ISO_DAY.sub(_as_read, message)


def _as_read(found: re.Match[str]) -> str:
    try:
        return form.day(date.fromisoformat(found.group()))
    except ValueError:  # a number that only looks like a day
        return found.group()


@register.filter
def country(code: str | None) -> str:
    """The name of a country in the reader's language; an unknown code stays itself."""
    return form.country(code)


@register.filter
def filesize(size: int | None) -> str:
    """Bytes as kB or MB."""
    if size is None:
        return "—"
    unit = _("MB") if size >= 1_000_000 else _("kB")
    return f"{form.number(size / (1_000_000 if size >= 1_000_000 else 1_000), 1)}\u202f{unit}"


@register.filter
def png(picture: bytes) -> str:
    """A picture as the address that holds it: it was made for this page and stands nowhere else."""
    return f"data:image/png;base64,{base64.b64encode(picture).decode('ascii')}"


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of the sprite; decoration only."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', static("shell/icons.svg"), name
    )


@register.simple_tag
def ageing_bar(buckets: Sequence[int], currency: str, size: str = "") -> SafeString:
    """Not due and the overdue buckets as shares of one bar; its label says the amounts."""
    positive = [max(0, amount) for amount in buckets]
    total = sum(positive)
    if not total:
        return mark_safe('<span class="muted">—</span>')  # nothing owed, nothing to draw
    label = ", ".join(
        f"{name} {form.money(amount, currency, cents=False)}"
        for name, amount in zip(words.buckets(), buckets, strict=False)
        if amount
    )
    parts, x = [], 0.0
    for place, amount in enumerate(positive):
        wide = amount * WIDTH / total
        if wide:
            parts.append(f'<rect class="a{min(place, 4)}" x="{x:.1f}" width="{max(wide, 6):.1f}" height="10"/>')
        x += wide
    return format_html(
        '<svg class="ageing {}" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        size,
        label,
        mark_safe("".join(parts)),  # numbers of our own
    )


@register.simple_tag
def swatch(place: int) -> SafeString:
    """The colour of an ageing bucket beside its name."""
    return format_html('<svg class="swatch" aria-hidden="true"><rect class="a{}"/></svg>', place)


@register.simple_tag(takes_context=True)
def with_query(context: dict[str, Any], **changes: Any) -> str:
    """This page's address with some parameters changed; None removes one."""
    query: QueryDict = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None or value == "":
            query.pop(name, None)
        else:
            query[name] = str(value)
    for name in ("entity", "on", "reading"):
        query.pop(name, None)  # kept by the session
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def sort_head(context: dict[str, Any], key: str, label: str, classes: str = "", first: str = "desc") -> SafeString:
    """A table heading that sorts: again the other way."""
    now = context.get("sort", "")
    active = now.lstrip("-") == key
    descending = now.startswith("-")
    follow = (key if descending else f"-{key}") if active else (f"-{key}" if first == "desc" else key)
    address = with_query(context, sort=follow, page=None)
    state = format_html(' aria-sort="{}"', "descending" if descending else "ascending") if active else ""
    mark = icon("down" if descending else "up") if active else ""
    return format_html('<th scope="col" class="{}"{}><a href="{}">{}{}</a></th>', classes, state, address, label, mark)


@register.filter
def change_cents(minor: int, currency: str = "EUR") -> str:
    """What an allocation takes off an item: with the opposite sign, to the cent."""
    return form.money(-minor, currency) if minor <= 0 else f"{form.MINUS}{form.money(minor, currency)}"


@register.filter
def connector(name: str) -> str:
    """The name of a file format."""
    return {
        "fec": "FEC",
        "camt": "camt",
        "mt940": "MT940",
        "cfonb120": "CFONB 120",
        "ofx": "OFX",
        "sheet": _("Spreadsheet"),
        "einvoice": _("E-invoice"),
        "cdar": _("E-invoice statuses"),
        "invoice_pdf": _("PDF invoice"),
        "advice": _("Remittance advice"),
        "ecb_rates": _("ECB rates"),
        "book_folder": _("Book folder"),
    }.get(name, name)


@register.filter
def column(name: str) -> str:
    """The word for a column of a sheet."""
    from encours.web.imports import fields  # the one screen that has them

    return " / ".join(fields.label(part) for part in name.split("|"))


@register.filter
def basis_points(value: int) -> str:
    """Basis points as per cent."""
    return form.percent(value / 10_000, 2)


@register.filter
def why(proposal: Any) -> str:
    """Why a match is proposed, in the reader's language; receipts that it names by their day, as links."""
    links = {
        str(escape(one)): format_html(
            '<a href="{}">{}</a>', reverse("receipt", args=[one]), _("of %(day)s") % {"day": day(on)}
        )
        for one, on in getattr(proposal, "named", {}).items()
    }
    text = str(escape(said_why(proposal.reason)))
    if links:
        ids = "|".join(map(re.escape, sorted(links, key=len, reverse=True)))
        text = re.sub(ids, lambda found: links[found.group()], text)
    return mark_safe(text)  # escaped above, and only links put in
