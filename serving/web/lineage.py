"""Lineage around a thing: a page of its own, and for htmx the part that other pages show."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from mlregistry.errors import NotFound
from mlregistry.ui.page import PageRequest, page
from serving import things
from serving.queries.lineage_graph import KINDS, sentences


@require_GET
@page()
def lineage(request: PageRequest, noun: str, key: str) -> HttpResponse:
    thing = things.thing(request.actor, noun, key, drawn=True)
    graph = thing.graph
    if graph is None:
        raise NotFound("Models have lineage version by version: open one of its versions.")
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
