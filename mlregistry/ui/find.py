"""The page “Search”, for whoever comes without the dialog."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from mlregistry.ui.finding import find
from mlregistry.ui.page import PageRequest, page


@require_GET
@page()
def page_of_found(request: PageRequest) -> HttpResponse:
    text = request.GET.get("q", "")
    return render(request, "ui/find.html", {"q": text.strip(), "found": find(request.actor, text)})
