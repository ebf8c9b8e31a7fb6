"""The comments on a thing: the part of its page, polls for what is new, and every button in it."""

from django.http import HttpResponse, HttpResponseNotModified, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mlregistry.discussions import access
from mlregistry.discussions.actions import comments as actions
from mlregistry.discussions.actions.watches import set_watching
from mlregistry.discussions.models import Comment
from mlregistry.discussions.nouns import Thing, thing
from mlregistry.discussions.queries import comments as queries
from mlregistry.discussions.shown import part
from mlregistry.ui.page import PageRequest, page, whole

MOST_OFFERED = 8
PART = "X-Part"  # a request of our script: it is answered with the part alone


@require_http_methods(["GET", "POST"])
@page()
def discussion(request: PageRequest, kind: str, handle: str) -> HttpResponse:
    """GET: the part, or 304 while nothing changed. POST: a comment or a reply."""
    about = thing(request.actor, kind, handle)
    if request.method == "POST":
        parent = whole(request.POST.get("parent"), "parent")
        to = access.comment(request.actor, parent) if parent else None
        made = actions.write_comment(about, request.POST.get("text", ""), parent=to, by=request.actor)
        return _answer(request, about, f"#comment-{made.pk}")
    if request.headers.get("If-None-Match") == f'"{queries.state(about, request.actor)}"':
        return HttpResponseNotModified()
    return _part(request, about)


@require_GET
@page()
def threads(request: PageRequest, kind: str, handle: str) -> HttpResponse:
    """A page of threads for which the thing's own has no room: from that of the comment `from` on back."""
    about = thing(request.actor, kind, handle)
    context = part(request, about, request.actor, begin=_begin(request, about))
    return render(request, "discussions/threads.html", context)


@require_POST
@page()
def edit(request: PageRequest, comment_id: int) -> HttpResponse:
    found = access.comment(request.actor, comment_id)
    actions.edit_comment(found, request.POST.get("text", ""), by=request.actor)
    return _after(request, found)


@require_POST
@page()
def delete(request: PageRequest, comment_id: int) -> HttpResponse:
    found = access.comment(request.actor, comment_id)
    actions.delete_comment(found, by=request.actor)
    return _after(request, found)


@require_POST
@page()
def restore(request: PageRequest, comment_id: int) -> HttpResponse:
    found = access.comment(request.actor, comment_id)
    actions.restore_comment(found, by=request.actor)
    return _after(request, found)


@require_POST
@page()
def resolve(request: PageRequest, comment_id: int) -> HttpResponse:
    """`to` is “resolved”, or anything else to reopen."""
    found = access.comment(request.actor, comment_id)
    actions.resolve_thread(found, is_resolved=request.POST.get("to") == "resolved", by=request.actor)
    return _after(request, found)


@require_POST
@page()
def watch(request: PageRequest, kind: str, handle: str) -> HttpResponse:
    """`to` is “on” or “off”."""
    about = thing(request.actor, kind, handle)
    set_watching(about, request.POST.get("to") == "on", by=request.actor)
    return _answer(request, about, "#discussion")


@require_GET
@page()
def people(request: PageRequest) -> JsonResponse:
    """Members whose name begins so, for the list that opens after an @."""
    beginning = request.GET.get("q", "")[:150].replace("\x00", "")
    rows = access.members_like(request.actor, beginning)[:MOST_OFFERED]
    return JsonResponse(
        {"people": [{"username": user.username, "name": user.get_full_name()} for user in rows]}
    )


def _after(request: PageRequest, comment: Comment) -> HttpResponse:
    return _answer(request, access.thing_of(request.actor, comment), f"#comment-{comment.pk}")


def _answer(request: PageRequest, about: Thing, fragment: str) -> HttpResponse:
    if PART in request.headers:
        return _part(request, about)
    begin = _begin(request, about)
    older = reverse("discussions:threads", args=[about.kind, about.handle])
    return HttpResponseRedirect((f"{older}?from={begin.pk}" if begin else about.address) + fragment)


def _begin(request: PageRequest, about: Thing) -> Comment | None:
    """The comment with whose thread the page begins that is shown; None for the thing's own page."""
    number = whole(request.GET.get("from"), "from")
    return access.comment_on(about, number, request.actor) if number else None


def _part(request: PageRequest, about: Thing) -> HttpResponse:
    context = part(request, about, request.actor, begin=_begin(request, about))
    response = render(request, "discussions/discussion.html", context)
    response["ETag"] = f'"{context["state"]}"'
    response["Cache-Control"] = "no-cache"
    return response
