"""Where in its text a filter is wrong."""

import pytest

from mlregistry.errors import Invalid
from mlregistry.lib.filter_expr import RUNS, parse


@pytest.mark.parametrize(
    ("filter", "wrong"),
    [
        ("metrics.auc > 'x'", "'x'"),
        ("status = 'RUNNING' AND foo.x = 'a'", "foo.x"),
        ("metrics.auc LIKE 3", "LIKE"),
        ("metrics.auc > 0.9 bla", "bla"),
        ("params.x = abc", "abc"),
        ("min(params.x) = 'a'", "params.x"),
        ("params.x RLIKE '('", "'('"),
        ("params.x IN ('a' 3)", "3"),
        ("attributes.nam = 'x'", "attributes.nam"),
        ("metrics.auc 3", "3"),
        ("metrics.a > 1 AND AND metrics.b > 2", "AND"),
        ("status = TRUE", "TRUE"),
        ("params.x = 'abc", "'abc"),
    ],
)
def test_a_mistake_knows_its_place(filter: str, wrong: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(filter, RUNS)
    assert refused.value.place is not None
    start, end = refused.value.place
    assert filter[start:end] == wrong


@pytest.mark.parametrize("filter", ["(metrics.a > 1", "metrics.a >", "metrics.a"])
def test_what_ends_too_early_is_wrong_at_its_end(filter: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(filter, RUNS)
    assert refused.value.place == (len(filter), len(filter))


def test_of_two_equal_words_the_wrong_one_is_meant() -> None:
    with pytest.raises(Invalid) as refused:
        parse("metrics.a > 1 AND AND metrics.b > 2", RUNS)
    assert refused.value.place == (18, 21)
