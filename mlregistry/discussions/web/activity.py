"""The page of the activity feed, with filters."""

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from mlregistry.discussions import access
from mlregistry.discussions.activity_words import GROUPS
from mlregistry.discussions.nouns import nouns, thing
from mlregistry.discussions.queries import activity as queries
from mlregistry.ui.page import PageRequest, page

FILTERS = ("person", "group", "kind", "thing")
MOST_PEOPLE = 200


@require_GET
@page()
def activity(request: PageRequest) -> HttpResponse:
    """What happened, the newest first; of one thing when `kind` and `thing` name it."""
    by = request.actor
    wanted = {name: request.GET.get(name, "") for name in FILTERS}
    names = access.members(by).values_list("username", flat=True)[:MOST_PEOPLE]
    feed = queries.feed(by, wanted, older=request.GET.get("older", ""))
    context = {
        "feed": feed,
        "lines": queries.folded(feed.lines),
        "wanted": wanted,
        "about": thing(by, wanted["kind"], wanted["thing"]) if wanted["kind"] and wanted["thing"] else None,
        "people": [("", "anybody"), *((name, name) for name in names)],
        "groups": [("", "everything"), *((key, title) for key, (title, _) in GROUPS.items())],
        "kinds": [("", "anything"), *((kind, one.word or kind) for kind, one in nouns().items())],
        "query": urlencode({name: value for name, value in wanted.items() if value}),
        "is_filtered": any(wanted.values()),
    }
    return render(request, "discussions/activity.html", context)
