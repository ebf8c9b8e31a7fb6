"""Page tokens: sealed for one query, opened by it alone."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlregistry.errors import Invalid
from mlregistry.lib.page_tokens import opened, seal

KEY = b"a key of the tests"
QUERY = {"filter": "metrics.a > 1", "order_by": ["start_time DESC"], "ids": ["1", "2"]}
TOKEN_LETTERS = string.ascii_letters + string.digits + "-_"

JSON_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(st.characters(), max_size=50),
)


def refusal(token: str, *, query: object = QUERY, key: bytes = KEY) -> str:
    with pytest.raises(Invalid, match="Invalid page token") as caught:
        opened(token, query=query, key=key)
    assert caught.value.field == "page_token"
    return caught.value.message


@settings(max_examples=200, deadline=None)
@given(st.lists(JSON_VALUES, max_size=6))
def test_what_is_sealed_is_opened_by_the_same_query(values: list[object]) -> None:
    token = seal(values, query=QUERY, key=KEY)
    assert set(token) <= set(TOKEN_LETTERS)
    assert opened(token, query=dict(reversed(QUERY.items())), key=KEY) == values


def test_a_token_of_another_query_or_key_is_refused() -> None:
    token = seal([1, "a"], query=QUERY, key=KEY)
    assert "belongs to another filter" in refusal(token, query={**QUERY, "filter": "metrics.a > 2"})
    refusal(token, query=None)
    refusal(token, key=b"another key")


def test_a_token_with_any_letter_changed_is_refused() -> None:
    token = seal([1.5, "naïve", None], query=QUERY, key=KEY)
    for place, letter in enumerate(token):
        for other in TOKEN_LETTERS:
            if other != letter:
                refusal(token[:place] + other + token[place + 1 :])
        refusal(token[:place])
    refusal(token + "A")
    refusal(token + "=")


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(st.characters(), max_size=60), st.text(TOKEN_LETTERS, max_size=60)))
def test_text_that_is_no_token_is_refused(text: str) -> None:
    refusal(text)


@pytest.mark.parametrize("token", ["", "A", "eyJvZmZzZXQiOiAxfQ==", "A" * 10_001, "AAAA\n", "é"])
def test_malformed_tokens_are_refused(token: str) -> None:
    refusal(token)


def test_values_too_long_for_a_token_are_refused_when_it_is_made() -> None:
    assert opened(seal(["x" * 7_000], query=QUERY, key=KEY), query=QUERY, key=KEY) == ["x" * 7_000]
    with pytest.raises(Invalid, match="Order by another field") as caught:
        seal(["x" * 8_000], query=QUERY, key=KEY)
    assert caught.value.field == "order_by"
