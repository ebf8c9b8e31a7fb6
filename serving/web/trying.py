"""An endpoint to try: the fields of its form, and the same request as one to paste elsewhere."""

import json
from typing import Any

from django.urls import reverse

from mlregistry.ml.signature import kind_of
from mlregistry.ui.page import PageRequest
from serving.models import Endpoint
from serving.queries import live
from serving.web import snippets

NEWEST = 20


def context(request: PageRequest, endpoint: Endpoint) -> dict[str, Any]:
    """The form's fields with an example, the same request as snippets, and the newest answers."""
    first = endpoint.variants.all().first()
    signature = first.version.served_signature if first else {}
    example = (first.version.input_example or [{}])[0] if first else {}
    ranks = kind_of(signature) == "recommendation"
    more = {"params": {"n": 10, "exclude": []}} if ranks else {}
    row = {name: example[name] for field in signature.get("inputs", []) if (name := field["name"]) in example}
    address = request.build_absolute_uri(reverse("ui:home")) + f"api/v1/endpoints/{endpoint.name}"
    return {
        "inputs": [{**field, "example": example.get(field["name"])} for field in signature.get("inputs", [])],
        "classes": [(json.dumps(value), value) for value in signature.get("classes") or []],
        "address": address,
        "invocations": reverse("ui:home") + f"api/v1/endpoints/{endpoint.name}/invocations",
        "snippets": snippets.of(address, {"dataframe_records": [row or example], **more}),
        "ranks": ranks,
        "predictions": live.latest_predictions(endpoint, limit=NEWEST),
    }
