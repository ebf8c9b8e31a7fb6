"""JSON from outside: what is refused, also where the quick look is enough."""

import pytest

from mlregistry.errors import Invalid, TooLarge
from mlregistry.lib import strict_json as module
from mlregistry.lib.strict_json import strict_json


def test_plain_json_is_read() -> None:
    assert strict_json(b'{"a": [1, "\\u00e4", null]}') == {"a": [1, "ä", None]}
    assert strict_json(b"") is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "not valid JSON"),
        (b"[NaN]", "send null"),
        (b"\xff", "not UTF-8"),
        (b'{"a\\u0000": 1}', "NUL"),
        (b'["\\ud800"]', "surrogates"),
        (b"[" * 100 + b"]" * 100, "nested too deeply"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "nested too deeply"),
        (b"[" * 100 + b'"\\u0041"' + b"]" * 100, "nested too deeply"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_refused(body: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        strict_json(body)


def test_a_body_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_JSON_BYTES", 10)
    with pytest.raises(TooLarge):
        strict_json(b"[1, 2, 3, 4]")
