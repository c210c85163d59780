"""Files in: received, previewed, mapped, committed or laid aside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from encours.core.base.issue import CallError
from encours.usecases.import_files import (
    Upload,
    commit_import,
    confirm_import,
    discard_import,
    preview_import,
    receive_files,
)
from encours.usecases.map_columns import save_mapping, show_mapping
from encours.usecases.rights import NotAllowedError
from encours.usecases.show_imports import (
    all_issues,
    import_progress,
    may_see_imports,
    rejected_lines,
    show_import,
    show_imports,
)
from encours.web.imports import fields
from encours.web.shell import tables, words
from encours.web.shell.issue_words import said, said_together
from encours.web.shell.request import Request


def _guarded(request: Request) -> Any:
    viewing = request.viewing
    if not may_see_imports(viewing):
        raise PermissionDenied
    return viewing


@login_required
def imports(request: Request) -> HttpResponse:
    """The drop zone and the last imports."""
    page = show_imports(_guarded(request))
    return render(request, "imports/imports.html", {"section": "imports", "page": page, "fresh_anyway": True})


@login_required
@require_POST
def receive(request: Request) -> HttpResponse:
    """Keeps the files; what they hold is read by the page that follows."""
    files = request.FILES.getlist("files")
    uploads = [Upload(file.name or "file", lambda file=file: file.open("rb")) for file in files]  # type: ignore[misc]  # an opened upload is a binary file
    try:
        owner = receive_files(request.viewing.actor, request.POST.get("entity") or None, uploads)
    except NotAllowedError as refused:
        raise PermissionDenied from refused
    except CallError as refused:
        messages.error(request, said_together(refused.faults))
        return HttpResponseRedirect(reverse("imports"))
    return HttpResponseRedirect(reverse("import", args=[owner.pk]))


@login_required
def one(request: Request, import_id: int) -> HttpResponse:
    """One import: what its files are, what they would change, what is wrong."""
    page = show_import(_guarded(request), import_id, request.GET.get("severity", ""))
    if page is None:
        raise Http404
    return render(request, "imports/import.html", {"section": "imports", "page": page, "fresh_anyway": True})


@login_required
def progress(request: Request, import_id: int) -> HttpResponse:
    """How far reading or loading has come, for the page that waits."""
    found = import_progress(_guarded(request), import_id)
    if found is None:
        raise Http404
    return render(request, "imports/progress.html", {"state": found[0], "progress": found[1]})


def _act(request: Request, import_id: int, act: Callable[[Any, int], Any], done: str) -> HttpResponse:
    try:
        outcome = act(request.viewing.actor, import_id)
    except NotAllowedError as refused:
        raise Http404 if refused.why == "not_visible" else PermissionDenied from refused
    except CallError as refused:
        messages.error(request, said_together(refused.faults))
    else:
        if done and outcome.state != "held":
            messages.success(request, done)
    address = reverse("import", args=[import_id])
    if request.htmx:
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


@login_required
@require_POST
def preview(request: Request, import_id: int) -> HttpResponse:
    """Reads the files and says what importing them would do."""
    return _act(request, import_id, preview_import, "")


@login_required
@require_POST
def commit(request: Request, import_id: int) -> HttpResponse:
    """Puts them into the book; a list of open items that is held only where the person says that it is complete."""
    act = confirm_import if request.POST.get("complete") else commit_import
    return _act(request, import_id, act, _("Imported."))


@login_required
@require_POST
def discard(request: Request, import_id: int) -> HttpResponse:
    """Lays the import aside."""
    return _act(request, import_id, discard_import, _("Laid aside: the book is as it was."))


@login_required
def mapping(request: Request, import_id: int, file_id: int) -> HttpResponse:
    """The columns of a sheet: GET shows the proposal, POST tries a change or saves it."""
    viewing = _guarded(request)
    draft = {name: value for name, value in request.POST.items() if isinstance(value, str)} if request.POST else None
    faults: list[str] = []
    try:
        if draft is not None and "save" in draft:
            save_mapping(viewing, import_id, file_id, draft, draft.get("name", ""))
            return _act(request, import_id, preview_import, _("Mapping saved for this source."))
        page = show_mapping(viewing, import_id, file_id, draft)
    except NotAllowedError as refused:
        raise PermissionDenied from refused
    except CallError as refused:
        faults, page = refused.faults, show_mapping(viewing, import_id, file_id)
    if page is None:
        raise Http404
    context = {
        "section": "imports",
        "page": page,
        "faults": faults,
        "labels": fields.labels(page.fields),
        "kind_labels": fields.kinds(page.kinds),
        "preview_heads": [fields.label(name) for name in page.preview_names],
        "preview_rows": fields.preview(page),
        "fresh_anyway": True,
    }
    return render(request, "imports/mapping.html", context)


@login_required
def rejected(request: Request, import_id: int, file_id: int) -> HttpResponseBase:
    """The lines that could not be read, as they stood."""
    found = rejected_lines(_guarded(request), import_id, file_id)
    if found is None:
        raise Http404
    name, lines = found
    stem = PurePath(name).stem.replace('"', "").replace("\\", "")
    answer = StreamingHttpResponse(lines, content_type="text/plain; charset=utf-8")
    ending = _("rejected")
    answer["Content-Disposition"] = f'attachment; filename="{stem}-{ending}.txt"'
    return answer


@login_required
def issues(request: Request, import_id: int, kind: str) -> HttpResponse:
    """All issues of an import as a table, in the reader's language."""
    found = all_issues(_guarded(request), import_id)
    if found is None or kind not in tables.KINDS:
        raise Http404
    columns = [
        tables.Column(_("Severity"), [words.word("severity", row.severity) for row in found]),
        tables.Column(_("File"), [row.file_name or "" for row in found]),
        tables.Column(_("Line"), [row.line or "" for row in found]),
        tables.Column(_("What is wrong"), [said(row.message) for row in found]),
        tables.Column(_("What to do"), [said(row.action) for row in found]),
    ]
    return tables.answer(kind, f"encours-import-{import_id}", columns)
