"""The tasks: mine and the team's; closed, given on, and absences with their stand-ins."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from encours.core.base.issue import CallError
from encours.usecases.give_task import FreeTask, give_task
from encours.usecases.manage_tasks import close_task, reassign_task, save_absence
from encours.usecases.send_copies import send_copies_of_task
from encours.usecases.show_tasks import VIEWS, show_tasks
from encours.web.shell.acting import attempt
from encours.web.shell.forms import form_key, read_day
from encours.web.shell.request import Request


@login_required
def tasks(request: Request) -> HttpResponse:
    """What is to be done, the most overdue first."""
    page = show_tasks(request.viewing, request.GET.get("view", ""))
    titles = {"mine": _("Mine"), "team": _("The team’s"), "done": _("Done by me")}
    views = [(code, titles[code], page.counts[code]) for code in VIEWS]
    context = {"section": "tasks", "page": page, "views": views, "reader": request.user, "key": form_key()}
    return render(request, "tasks/tasks.html", context)


@login_required
@require_POST
def open_one(request: Request) -> HttpResponse:
    """Opens a task that a person writes, from this page or from a customer's."""
    form = request.POST
    owner, customer = form.get("owner", ""), form.get("customer", "")

    def act() -> None:
        number = int(owner) if owner.isdecimal() and len(owner) < 10 else None
        due_on = read_day(form.get("due_on", ""))
        title, detail, key = form.get("title", ""), form.get("detail", ""), form.get("key", "")[:64]
        give_task(
            request.viewing.actor, FreeTask(title, due_on, form.get("of", ""), customer, number, detail, key)
        )  # fmt: skip

    attempt(request, act, _("Task opened."))
    if form.get("back") == "customer" and customer:
        return HttpResponseRedirect(f"{reverse('customer', args=[customer])}?tab=chasing")
    return HttpResponseRedirect(reverse("tasks"))


@login_required
@require_POST
def close(request: Request, task_id: int) -> HttpResponse:
    """Closes a task; one that asks for copies by sending them."""
    form = request.POST
    if form.get("how", "") == "copies":
        return _done(
            request, lambda: send_copies_of_task(request.viewing.actor, task_id), _("The copies are in the outbox.")
        )

    def act() -> None:
        dropped = form.get("how", "") == "dropped"
        close_task(request.viewing.actor, task_id, form.get("outcome", ""), dropped=dropped)

    return _done(request, act, _("Task closed."))


@login_required
@require_POST
def give(request: Request, task_id: int) -> HttpResponse:
    """Gives a task to somebody else."""
    owner = request.POST.get("owner", "")

    def act() -> None:
        if not owner.isdecimal():
            raise CallError(["the owner has no role in this entity"])
        reassign_task(request.viewing.actor, task_id, int(owner), read_day(request.POST.get("due_on", "")))

    return _done(request, act, _("Task given on."))


@login_required
@require_POST
def absence(request: Request) -> HttpResponse:
    """Keeps one's own absence, or a colleague's."""
    form = request.POST

    def act() -> None:
        who, stand_in = form.get("user", ""), form.get("stand_in", "")
        first, last = read_day(form.get("from_on", "")), read_day(form.get("to_on", ""))
        if first is None or last is None or not who.isdecimal() or not stand_in.isdecimal():
            raise CallError(["say the day"])
        save_absence(request.viewing.actor, int(who), first, last, int(stand_in))

    return _done(request, act, _("Absence saved: tasks go to the stand-in meanwhile."))


def _done(request: Request, act: Callable[[], object], told: str) -> HttpResponse:
    attempt(request, act, told)
    return HttpResponseRedirect(reverse("tasks"))
