"""How many answers an endpoint gave since its beginning. For the admin."""

from typing import NamedTuple

from django.db.models import Sum

from serving.models import AnswerCount, Endpoint

MOST_LINES = 200


class Total(NamedTuple):
    """Requests; `version_id` is 0 where no variant was reached."""

    variant: str
    version_id: int
    status: int
    n: int


def totals(endpoint: Endpoint) -> list[Total]:
    """By variant, version and status, the first 200."""
    keys = ("variant", "version_id", "status")
    rows = AnswerCount.objects.filter(endpoint=endpoint).values_list(*keys).order_by(*keys)
    return [Total(*row) for row in rows.annotate(n=Sum("n_requests"))[:MOST_LINES]]
