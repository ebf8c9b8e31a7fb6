"""Lineage around a thing: a page of its own, and for htmx the part that other pages show."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from mlregistry.discussions.nouns import thing_in_address
from mlregistry.ui.page import PageRequest, page
from serving.queries.lineage_graph import KINDS, around, sentences


@require_GET
@page()
def lineage(request: PageRequest, noun: str, key: str) -> HttpResponse:
    thing = thing_in_address(request.actor, noun, key)
    graph = around(thing.kind, thing.row)
    drawing = graph.drawing()
    context = {
        "thing": thing,
        "drawing": drawing,
        "boxes": [(node, *drawing.places[node.key]) for node in graph.nodes.values()],
        "list": sentences(graph),
        "more": [(kind, graph.more[kind]) for kind in KINDS if kind in graph.more],
    }
    part = "lineage_graph" if request.htmx else "lineage"
    return render(request, f"serving/{part}.html", context)
