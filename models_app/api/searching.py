"""Listings that are searched: `filter`, `order_by` and `page_token` of a request. Called by the listings' views."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from mlregistry.errors import Invalid

WORDS = ("filter", "order_by", "page_token")
PARAMETERS = [
    OpenApiParameter("filter", str, description="As in: name LIKE 'churn%' AND tags.owner = 'ann'"),
    OpenApiParameter("order_by", str, many=True, description="As in: name DESC"),
    OpenApiParameter("page_token", str, description="next_page_token of the page before"),
    OpenApiParameter("max_results", int, description="Of a search; 100 without it"),
]


def search_terms(request: Request) -> dict[str, Any] | None:
    """The arguments of a search, None when the request asks for a plain listing."""
    query = request.query_params
    if not any(word in query for word in WORDS):
        return None
    limit = query.get("max_results", "100")
    if not limit.isascii() or not limit.isdigit() or len(limit) > 6:
        raise Invalid("max_results must be a whole number.", field="max_results")
    return {
        "filter": query.get("filter", ""),
        "order_by": query.getlist("order_by"),
        "page_token": query.get("page_token", ""),
        "max_results": int(limit),
    }
