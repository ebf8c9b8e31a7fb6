"""Pages of write-ups: list, read, write with a preview, history with differences."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from mlregistry.accounts.models import Role
from mlregistry.discussions import access, prose
from mlregistry.discussions.actions import writeups as actions
from mlregistry.discussions.blocks import blocks, drawer
from mlregistry.discussions.models import WriteUp, WriteUpVersion
from mlregistry.discussions.queries import writeups as queries
from mlregistry.lib.names import clean_text
from mlregistry.ui.page import PageRequest, page, whole


@require_GET
@page()
def writeups(request: PageRequest) -> HttpResponse:
    search = request.GET.get("q", "")
    context = {"writeups": queries.newest(request.actor, search=search), "search": search}
    return render(request, "discussions/writeups.html", {**context, "most": queries.MOST_SHOWN})


@page(role=Role.EDITOR, form=True)
def create(request: PageRequest) -> HttpResponse:
    if request.method == "POST":
        made = actions.create_writeup(
            request.POST.get("title", ""), request.POST.get("text", ""), by=request.actor
        )
        return redirect("discussions:writeup", made.pk)
    return _form(request, None, None)


@require_GET
@page()
def writeup(request: PageRequest, writeup_id: int) -> HttpResponse:
    found = access.writeup(request.actor, writeup_id)
    return _read(request, found, access.version(found, found.last_number, request.actor))


@require_GET
@page()
def version(request: PageRequest, writeup_id: int, number: int) -> HttpResponse:
    """As it read then; its blocks show what is there now."""
    found = access.writeup(request.actor, writeup_id)
    return _read(request, found, access.version(found, number, request.actor))


@page(role=Role.EDITOR, form=True)
def edit(request: PageRequest, writeup_id: int) -> HttpResponse:
    found = access.writeup(request.actor, writeup_id)
    if request.method == "POST":
        form = request.POST
        base = whole(form.get("base"), "base") or None
        actions.save_writeup(found, form.get("title", ""), form.get("text", ""), base=base, by=request.actor)
        return redirect("discussions:writeup", found.pk)
    return _form(request, found, access.version(found, found.last_number, request.actor))


@require_GET
@page()
def history(request: PageRequest, writeup_id: int) -> HttpResponse:
    """Every save; what changed from `older` to `newer`, the last two when nothing is named."""
    by, found = request.actor, access.writeup(request.actor, writeup_id)
    newer = whole(request.GET.get("newer"), "newer", default=found.last_number)
    older = whole(request.GET.get("older"), "older", default=max(1, newer - 1))
    pair = access.version(found, older, by), access.version(found, newer, by)
    context = {
        "writeup": found,
        "versions": access.versions(found, by).defer("text")[: actions.MOST_VERSIONS],
        "older": pair[0],
        "newer": pair[1],
        "lines": queries.diff(*pair),
    }
    return render(request, "discussions/writeup_history.html", context)


@require_POST
@page(role=Role.EDITOR)
def restore(request: PageRequest, writeup_id: int, number: int) -> HttpResponse:
    found = access.writeup(request.actor, writeup_id)
    made = actions.restore_version(access.version(found, number, request.actor), by=request.actor)
    messages.success(request, f"Version {number} is version {made.number} now.")
    return redirect("discussions:writeup", found.pk)


@require_POST
@page(role=Role.EDITOR)
def delete(request: PageRequest, writeup_id: int) -> HttpResponse:
    found = access.writeup(request.actor, writeup_id)
    actions.delete_writeup(found, by=request.actor)
    return render(request, "discussions/writeup_deleted.html", {"writeup": found})


@require_POST
@page(role=Role.EDITOR)
def undelete(request: PageRequest, writeup_id: int) -> HttpResponse:
    found = access.writeup(request.actor, writeup_id, deleted=True)
    actions.restore_writeup(found, by=request.actor)
    messages.success(request, f"“{found.title}” is back.")
    return redirect("discussions:writeup", found.pk)


@require_POST
@page()
def preview(request: PageRequest) -> HttpResponse:
    """A text as it would read; for the editor beside it, and for comments."""
    text = clean_text(request.POST.get("text", ""), field="text", max_length=actions.LONGEST_TEXT)
    return render(request, "discussions/preview.html", {"html": _html(request, text)})


def _read(request: PageRequest, found: WriteUp, shown: WriteUpVersion) -> HttpResponse:
    context = {"writeup": found, "version": shown, "html": _html(request, shown.text)}
    return render(request, "discussions/writeup.html", context)


def _html(request: PageRequest, text: str) -> Any:
    known = prose.known_on(request, [text], request.actor)
    return prose.html(text, known, draw=drawer(request.actor))


def _form(request: PageRequest, found: WriteUp | None, last: WriteUpVersion | None) -> HttpResponse:
    offered = [
        {
            "kind": block.kind,
            "title": block.title,
            "fields": [
                {"name": one.name, "title": one.title, "help": one.help, "required": one.is_required,
                 "example": one.example}
                for one in block.fields
            ],
        }
        for block in blocks().values()
    ]  # fmt: skip
    context = {"writeup": found, "last": last, "offered": offered}
    return render(request, "discussions/writeup_form.html", context)
