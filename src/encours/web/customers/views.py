"""The table of customers, its exports and its saved views."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from encours.core.base.money import AmountError, to_minor
from encours.usecases.saved_views import drop_view, keep_view
from encours.usecases.show_customers import CustomerFilter, list_customers, show_customers
from encours.web.shell import tables, words
from encours.web.shell.request import Request

_KEPT = ("q", "state", "collector", "currency", "min", "sort")


def _wanted(query: QueryDict) -> CustomerFilter:
    currency = query.get("currency", "")
    try:
        least = to_minor(str(query["min"]), currency or "EUR") if query.get("min") else None
    except (AmountError, ValueError):
        least = None
    page = query.get("page", "1")
    return CustomerFilter(
        text=query.get("q", "").strip(),
        state=query.get("state", ""),
        collector=query.get("collector", ""),
        currency=currency,
        balance_min=least,
        sort=query.get("sort", "-balance"),
        page=int(page) if page.isdecimal() and len(page) < 7 else 1,
    )


@login_required
def customers(request: Request) -> HttpResponse:
    """A page of the table; htmx asks for the table alone."""
    wanted = _wanted(request.GET)
    page = show_customers(request.viewing, wanted)
    states = (
        ("", _("All")),
        ("overdue", _("Overdue")),
        ("late_60", _("More than 60 days late")),
        ("over_limit", _("Over credit limit")),
        ("unapplied", _("Unapplied receipts")),
        ("credit", _("Credit balance")),
    )
    context = {"section": "customers", "page": page, "wanted": wanted, "sort": wanted.sort, "states": states}
    context |= {"previous": page.page - 1, "following": page.page + 1}
    template = "customers/table.html" if request.htmx and not request.htmx.boosted else "customers/customers.html"
    return render(request, template, context)


@login_required
def export(request: Request, kind: str) -> HttpResponse:
    """The whole filtered list as CSV or XLSX."""
    viewing = request.viewing
    tables.check(kind, viewing.actor)
    rows = list_customers(viewing, _wanted(request.GET))
    buckets = words.buckets()
    columns = [
        tables.Column(_("Entity"), [row.entity_id for row in rows]),
        tables.Column(_("Account"), [row.customer_id.removeprefix(f"{row.entity_id}:") for row in rows]),
        tables.Column(_("Customer"), [row.name for row in rows]),
        tables.Column(_("Currency"), [row.currency for row in rows]),
        *(
            tables.Column(label, [(getattr(row, name), row.currency) for row in rows], "money")
            for label, name in (
                (_("Balance"), "balance"),
                *zip(buckets, ("not_due", "d1_30", "d31_60", "d61_90", "d91_plus"), strict=True),
                (_("Overdue"), "overdue"),
                (_("Credit notes and down payments"), "credits"),
                (_("Unapplied receipts"), "unapplied"),
            )
        ),
        tables.Column(_("Oldest due date"), [row.oldest_due_on for row in rows], "date"),
        tables.Column(_("DSO in days"), [row.dso_days for row in rows], "number"),
        tables.Column(_("Collector"), [row.collector for row in rows]),
    ]
    name = _("customers")
    return tables.answer(kind, f"{name}-{viewing.day:%Y-%m-%d}", columns)


@login_required
@require_POST
def save_view(request: Request) -> HttpResponse:
    """Keeps the filters under a name of the user's own."""
    query = QueryDict(request.POST.get("query", "").lstrip("?"))
    kept = QueryDict(mutable=True)
    kept.update({name: query[name] for name in _KEPT if query.get(name)})
    name = request.POST.get("name", "").strip()[:120]
    if name:
        keep_view(request.viewing, "customers", name, kept.urlencode())
        messages.success(request, _("View saved."))
    return HttpResponseRedirect(f"{reverse('customers')}?{kept.urlencode()}")


@login_required
@require_POST
def delete_view(request: Request, view_id: int) -> HttpResponse:
    """Drops one of the user's own views."""
    if not drop_view(request.viewing, view_id):
        raise Http404
    messages.success(request, _("View deleted."))
    return HttpResponseRedirect(reverse("customers"))
