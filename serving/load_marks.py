"""The mark of a load test's requests: signed by this server, for one endpoint, until a time. Only it can make one."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from django.core import signing

HEADER = "x-load-test"
SALT = "serving.load_marks"
LONGEST = 500


@dataclass(frozen=True, slots=True)
class Mark:
    """`kept`: the answers go into the prediction log as those of real requests do. `until`: seconds since 1970."""

    load_test_id: int
    team: str
    endpoint: str
    kept: bool
    until: float


def sign(mark: Mark) -> str:
    """The value of the header."""
    value = [mark.load_test_id, mark.team, mark.endpoint, mark.kept, mark.until]
    return signing.dumps(value, salt=SALT)


def read(headers: Mapping[str, str], *, now: float) -> Mark | None:
    """None without a mark, or with one that is not ours or no longer holds. Header names are lower-case."""
    text = headers.get(HEADER)
    if not text or len(text) > LONGEST:
        return None
    mark = _opened(text)
    return mark if mark is not None and now <= mark.until else None


@lru_cache(maxsize=64)
def _opened(text: str) -> Mark | None:
    try:
        return Mark(*signing.loads(text, salt=SALT))
    except signing.BadSignature:
        return None
