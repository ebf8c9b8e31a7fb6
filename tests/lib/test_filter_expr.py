"""Filters and orders: MLflow's grammar, what is added to it, and what stays refused."""

import re
import time

import pytest

from mlregistry.errors import Invalid
from mlregistry.lib.filter_expr import (
    EXPERIMENTS,
    LOGGED_MODELS,
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    RUNS,
    And,
    Comparison,
    Grammar,
    Not,
    Or,
    Order,
    parse,
    parse_order,
)


def one(text: str, grammar: Grammar = RUNS) -> tuple[str, str, str, object]:
    found = parse(text, grammar)
    assert isinstance(found, Comparison)
    return found.entity, found.key, found.operator, found.value


def refusal(text: str, grammar: Grammar = RUNS) -> str:
    with pytest.raises(Invalid) as caught:
        parse(text, grammar)
    assert caught.value.field == "filter"
    return caught.value.message


@pytest.mark.parametrize("text", [None, "", "  ", "\n\t", "AND", " and AND "])
def test_nothing_to_filter_by_is_none(text: str | None) -> None:
    assert parse(text, RUNS) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.acc >= 0.94", ("metric", "acc", ">=", 0.94)),
        ("metric.acc<-1.5", ("metric", "acc", "<", -1.5)),
        ("metrics.x > 1e-3", ("metric", "x", ">", 0.001)),
        ("metrics.x > 1E5", ("metric", "x", ">", 1e5)),
        ("metrics.x > 1e+22", ("metric", "x", ">", 1e22)),
        ("metrics.x > .5", ("metric", "x", ">", 0.5)),
        ("metrics.x > -.5", ("metric", "x", ">", -0.5)),
        ("metrics.x > 1.", ("metric", "x", ">", 1.0)),
        ("metrics.a.b.c > 1", ("metric", "a.b.c", ">", 1.0)),
        ("metrics.1 > 1", ("metric", "1", ">", 1.0)),
        ("`metrics`.`x y` > 1", ("metric", "x y", ">", 1.0)),
        ('metrics."X//Y#$$@&Z" = 3', ("metric", "X//Y#$$@&Z", "=", 3.0)),
        ("params.m!='tf'", ("param", "m", "!=", "tf")),
        ('parameters.m = "L\'s"', ("param", "m", "=", "L's")),
        ("params.'a b' = 'x'", ("param", "a b", "=", "x")),
        ("params.a = 'it''s'", ("param", "a", "=", "it''s")),
        (r"params.a = 'it\'s'", ("param", "a", "=", r"it\'s")),
        (r"params.a = 'c:\dir\'", ("param", "a", "=", "c:\\dir\\")),
        ("params.a = ''", ("param", "a", "=", "")),
        ("params.é = 'a\nb'", ("param", "é", "=", "a\nb")),
        ("tags.mlflow.source.name = 'x'", ("tag", "mlflow.source.name", "=", "x")),
        ("tag.x like 'a%'", ("tag", "x", "LIKE", "a%")),
        ("tags.x not  Ilike 'a'", ("tag", "x", "NOT ILIKE", "a")),
        ("tags.and = 'AND'", ("tag", "and", "=", "AND")),
        ("tags.x is null", ("tag", "x", "IS NULL", None)),
        ("params.`x y`IS  NOT  NULL", ("param", "x y", "IS NOT NULL", None)),
        ("status = 'RUNNING'", ("attribute", "status", "=", "RUNNING")),
        ("`run name` = 'a'", ("attribute", "run_name", "=", "a")),
        ("attributes.\"Run Name\" = 'a'", ("attribute", "run_name", "=", "a")),
        ("attr.Created > 5", ("attribute", "start_time", ">", 5)),
        ("run.end_time <= 5.5", ("attribute", "end_time", "<=", 5.5)),
        ("run_id IN ('a', \"b\",)", ("attribute", "run_id", "IN", ("a", "b"))),
        ("run_id not in('a')", ("attribute", "run_id", "NOT IN", ("a",))),
        ("dataset.context = 'train'", ("dataset", "context", "=", "train")),
        ("datasets.digest IN ('a')", ("dataset", "digest", "IN", ("a",))),
        ("AND metrics.x > 1 AND", ("metric", "x", ">", 1.0)),
    ],
)
def test_a_comparison_of_runs_is_read_as_mlflow_reads_it(text: str, expected: tuple[object, ...]) -> None:
    found = one(text)
    assert found == expected
    assert type(found[3]) is type(expected[3])


@pytest.mark.parametrize(
    ("grammar", "text", "expected"),
    [
        (EXPERIMENTS, "attribute.name ILIKE 'a%'", ("attribute", "name", "ILIKE", "a%")),
        (EXPERIMENTS, "experiment_id IN ('1','2')", ("attribute", "experiment_id", "IN", ("1", "2"))),
        (EXPERIMENTS, "last_update_time >= 3", ("attribute", "last_update_time", ">=", 3)),
        (EXPERIMENTS, "tags.x IS NULL", ("tag", "x", "IS NULL", None)),
        (
            REGISTERED_MODELS,
            "tag.`mlflow.prompt.is_prompt` != 'true'",
            ("tag", "mlflow.prompt.is_prompt", "!=", "true"),
        ),
        (REGISTERED_MODELS, "name IN ('a')", ("attribute", "name", "IN", ("a",))),
        (MODEL_VERSIONS, "version_number > 3", ("attribute", "version_number", ">", 3)),
        (MODEL_VERSIONS, "source_path LIKE 's3%'", ("attribute", "source_path", "LIKE", "s3%")),
        (MODEL_VERSIONS, "run_id IN ('a','b')", ("attribute", "run_id", "IN", ("a", "b"))),
        (LOGGED_MODELS, "metrics.x > 1", ("metric", "x", ">", 1.0)),
        (LOGGED_MODELS, "params.lr = 0.01", ("param", "lr", "=", "0.01")),
        (LOGGED_MODELS, "creation_time > 1", ("attribute", "creation_timestamp", ">", 1)),
        (LOGGED_MODELS, "attributes.creation_timestamp_ms > 1", ("attribute", "creation_timestamp", ">", 1)),
        (LOGGED_MODELS, "source_run_id = 'r'", ("attribute", "source_run_id", "=", "r")),
        (LOGGED_MODELS, "tags.x in ('a')", ("tag", "x", "IN", ("a",))),
    ],
)
def test_each_noun_has_its_own_names(grammar: Grammar, text: str, expected: tuple[object, ...]) -> None:
    assert one(text, grammar) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("metric.acc >= 0.94; metrics.rmse < 1", "Search filter contained multiple expression"),
        ("m.acc >= 0.94", "Invalid entity type 'm'"),
        ("Metrics.x > 1", "Invalid entity type 'Metrics'"),
        ("`metrics.x` > 1", "Invalid entity type"),
        ("acc >= 0.94", "Invalid attribute key 'acc'"),
        ("foo is null", "Invalid attribute key 'foo'"),
        ("attribute.lifecycle_stage = 'ACTIVE'", "Invalid attribute key"),
        ("nothing = true", "Invalid clause(s) in filter string: 'true'"),
        ("attribute.status = true", "Invalid clause(s) in filter string: 'true'"),
        ("dataset.status = 'true'", "Invalid dataset key 'status'"),
        ("params.`` = 'x'", "Invalid param key ''"),
        ("metrics.A > 0.1 NAND params.B = 'LR'", "Invalid clause(s) in filter string: 'NAND'"),
        ("metrics.A > 0.1 metrics.B > 1", "Invalid clause(s) in filter string: 'metrics.B'"),
        ("`metrics.A > 0.1", "Invalid clause(s) in filter string: '`metrics.A > 0.1'"),
        ("dummy`.A > 0.1", "Invalid clause(s) in filter string"),
        ("metrics.x > 1 /* hi */ AND metrics.y > 1", "Invalid clause(s) in filter string: '/*'"),
        ("metrics.x > 1 -- hi", "Invalid clause(s) in filter string: '--'"),
        ("params.a-b = 'x'", "a key with other characters goes in back-ticks"),
        ("metrics. x > 1", "Invalid clause(s) in filter string"),
        ("metrics.acc IS NULL", "IS NULL / IS NOT NULL is only supported for tags and params"),
        ("status IS NOT NULL", "IS NULL / IS NOT NULL is only supported for tags and params"),
        ("status IS 'RUNNING'", "Invalid clause(s) in filter string"),
        ("metric.model = 'LR'", "Expected numeric value type for metric. Found 'LR'"),
        ("metric.model = '5'", "Expected numeric value type for metric"),
        ("metrics.a != metrics.b", "Expected numeric value type for metric"),
        ("metrics.a > 1_000", "Expected numeric value type for metric"),
        ("metrics.a > nan", "Expected numeric value type for metric"),
        ("metrics.a > - 1", "Expected numeric value type for metric"),
        ("metrics.a IN (1)", "numeric value type for metric"),
        ("start_time = 'a'", "Expected numeric value type for numeric attribute: start_time"),
        ("start_time > 1e400", "is too large"),
        ("params.acc = 5", "Expected a quoted string value for param"),
        ("tags.acc = 5", "Expected a quoted string value for tag"),
        ("tags.acc = NULL", "Expected a quoted string value for tag"),
        ("status = 1", "Expected a quoted string value for attributes"),
        ("params.acc = LR", "value is either not quoted or unidentified quote types"),
        ("params.acc = `LR`", "value is either not quoted or unidentified quote types"),
        ('params.x = "a"."b"', "value is either not quoted or unidentified quote types"),
        ("params.acc = ('LR')", "Expected a quoted string value"),
        ("1.0 > metrics.acc", "Expected 'Identifier' found '1.0'"),
        ("1=1", "Expected 'Identifier' found '1'"),
        ("'a' = params.x", "Expected 'Identifier' found ''a''"),
        ("params.'acc = LR", "Invalid clause(s) in filter string"),
        ("params.acc = LR'", "Invalid clause(s) in filter string"),
        ("params.acc = \"LR'", "Invalid clause(s) in filter string"),
        ("tags.acc = = 'LR'", "Invalid clause(s) in filter string"),
        ("params.acc LR !=", "Invalid clause(s) in filter string"),
        ("metric.acc !=", "Invalid clause(s) in filter string"),
        ("metric.acc", "Invalid clause(s) in filter string"),
        ("metrics.x > 1>2", "Invalid clause(s) in filter string"),
        (
            "run_id IN ()",
            "While parsing a list in the query, expected a non-empty list of string values, but got "
            "empty list",
        ),
        ("run_id IN (,)", "but got ill-formed list"),
        ("run_id IN ('a',,'b')", "but got ill-formed list"),
        (
            "run_id IN (1, 2)",
            "expected string value, punctuation, or whitespace, but got different type in list",
        ),
        ("run_id IN (", "Invalid clause(s) in filter string: 'run_id'"),
        ("run_id IN", "Invalid clause(s) in filter string: 'run_id'"),
        ("run_id IN ('a' 'b')", "While parsing a list in the query"),
        ("run_id IN ('a'", "Invalid clause(s) in filter string"),
        ("run_id IN 'a'", "While parsing a list in the query"),
        ("metrics.a ~ 1", "Invalid comparator '~'"),
        ("metrics.a == 1", "Invalid comparator '=='"),
        ("metrics.a LIKE 1", "Invalid comparator 'LIKE'"),
        ("start_time ILIKE 1234", "Invalid comparator 'ILIKE'"),
        ("params.a > 'x'", "Invalid comparator '>'"),
        ("datasets.name <= 'x'", "Invalid comparator '<='"),
        ("min(params.a) = 'x'", "min() is for metrics"),
        ("min(metrics.a > 1", "Close it with ')'"),
        ("avg(metrics.a) > 1", "Invalid clause(s) in filter string"),
        ("(metrics.a > 1", "A ')' is missing"),
        ("metrics.a > 1)", "Invalid clause(s) in filter string: ')'"),
        ("metrics.a > 1 AND AND metrics.b > 1", "Expected 'Identifier' found 'AND'"),
        ("metrics.a > 1 OR", "Invalid clause(s) in filter string"),
        ("NOT", "Invalid clause(s) in filter string"),
        ("tags.a RLIKE '('", "The regular expression '(' is wrong"),
        (f"tags.a RLIKE '{'a' * 201}'", "201 characters; at most 200"),
        ("tags.a = 'x\0'", "no database can store"),
    ],
)
def test_a_wrong_filter_is_refused_in_words(text: str, message: str) -> None:
    assert message in refusal(text)


def test_other_nouns_refuse_what_is_not_theirs() -> None:
    for grammar in (EXPERIMENTS, REGISTERED_MODELS, MODEL_VERSIONS):
        assert "Invalid entity type 'metrics'" in refusal("metrics.x > 1", grammar)
        assert "Invalid attribute key 'status'" in refusal("status = 'x'", grammar)
    assert "Invalid attribute key 'last_updated_timestamp'" in refusal(
        "last_updated_timestamp > 1", REGISTERED_MODELS
    )
    assert "Expected numeric value type" in refusal("version_number = '3'", MODEL_VERSIONS)
    assert "Invalid entity type 'param'" in refusal("param.x = 'a'", LOGGED_MODELS)
    assert "Expected a quoted string" in refusal("experiment_id = 1", EXPERIMENTS)


def test_not_binds_closer_than_and_and_and_closer_than_or() -> None:
    a, b, c = (Comparison("metric", key, ">", 1.0) for key in "abc")
    text = "NOT metrics.a > 1 AND metrics.b > 1 OR metrics.c > 1"
    assert parse(text, RUNS) == Or((And((Not(a), b)), c))
    assert parse("metrics.a > 1 and (metrics.b > 1 or not metrics.c > 1)", RUNS) == And((a, Or((b, Not(c)))))
    assert parse("((metrics.a > 1))", RUNS) == a


def test_metrics_can_be_aggregated_and_text_matched_by_pattern() -> None:
    assert parse("min(metrics.`a b`) < 0.1", RUNS) == Comparison("metric", "a b", "<", 0.1, "min")
    assert parse("BEST ( metrics.a ) < 1 ", RUNS) == Comparison("metric", "a", "<", 1.0, "best")
    assert parse("last(metrics.a) < 1", RUNS) == parse("metrics.a < 1", RUNS)
    assert one("tags.a NOT RLIKE '^v[0-9]+$'") == ("tag", "a", "NOT RLIKE", "^v[0-9]+$")


def test_a_list_can_hold_any_text() -> None:
    assert one(r"""params.a IN ('it\'s "x"', 'c:\\dir', 'it''s', '\d')""")[3] == (
        'it\'s "x"',
        "c:\\dir",
        "it's",
        r"\d",
    )


def test_what_is_too_much_is_refused_quickly() -> None:
    started = time.process_time()
    assert "at most 100,000" in refusal("params.a = '" + "x" * 100_000 + "'")
    assert "deeper than 50" in refusal("(" * 90_000 + ")")
    assert "deeper than 50" in refusal("NOT " * 60 + "metrics.a > 1")
    assert "more than 500 comparisons" in refusal(" OR ".join(["metrics.a > 1"] * 501))
    for piece in ("`", '"', "'", "\\'", "''", "1", "a", "a.", "(", "=", "IN (", "'a',", "é", " ", "\\"):
        for start in ("", "params.a = '", "run_id IN ('", "metrics.a > ", "params.`"):
            for end in ("", "_", "'", "`"):
                with pytest.raises(Invalid):
                    parse(start + piece * (33_000 // len(piece)) + end + " nonsense", RUNS)
    assert (
        time.process_time() - started < 20
    )  # what grew by the square would take a second for each of the 300


def test_the_largest_filters_allowed_are_read() -> None:
    assert len(one("params.a = '" + "x" * 99_000 + "'")[3]) == 99_000  # type: ignore[arg-type]  # the last is text here
    many = ", ".join(f"'{number:032x}'" for number in range(2_500))
    assert len(one(f"run_id IN ({many})")[3]) == 2_500  # type: ignore[arg-type]  # the last is text here
    assert isinstance(parse(" OR ".join(["metrics.a > 1"] * 500), RUNS), Or)
    assert parse("(" * 50 + "metrics.a > 1" + ")" * 50, RUNS) == parse("metrics.a > 1", RUNS)


@pytest.mark.parametrize(
    ("grammar", "term", "expected"),
    [
        (RUNS, "metrics.x", Order("metric", "x", True)),
        (RUNS, "metrics.`x y` desc", Order("metric", "x y", False)),
        (RUNS, 'metrics."x y"  Asc ', Order("metric", "x y", True)),
        (RUNS, "metrics.1 DESC", Order("metric", "1", False)),
        (RUNS, "min(metrics.loss)", Order("metric", "loss", True, "min")),
        (RUNS, "Created DESC", Order("attribute", "start_time", False)),
        (RUNS, "`Run Name`", Order("attribute", "run_name", True)),
        (RUNS, "tags.mlflow.source.name desc", Order("tag", "mlflow.source.name", False)),
        (RUNS, "params.a", Order("param", "a", True)),
        (EXPERIMENTS, "attribute.last_update_time DESC", Order("attribute", "last_update_time", False)),
        (REGISTERED_MODELS, "timestamp DESC", Order("attribute", "last_updated_timestamp", False)),
        (MODEL_VERSIONS, "version_number DESC", Order("attribute", "version_number", False)),
        (MODEL_VERSIONS, "creation_timestamp", Order("attribute", "creation_timestamp", True)),
        (LOGGED_MODELS, "metrics.x DESC", Order("metric", "x", False)),
    ],
)
def test_an_order_names_a_field_and_a_direction(grammar: Grammar, term: str, expected: Order) -> None:
    assert parse_order([term], grammar) == (expected,)


@pytest.mark.parametrize(
    ("grammar", "terms", "message"),
    [
        (RUNS, ["metrics.x DES"], "Invalid order_by clause 'metrics.x DES'"),
        (RUNS, ["Run Name"], "Invalid order_by clause"),
        (RUNS, ["metrics.x DESC, metrics.y"], "Invalid order_by clause"),
        (RUNS, ["metrics.x = 1"], "Invalid order_by clause"),
        (RUNS, ["metrics.m/acc DESC"], "names with blanks go in back-ticks"),
        (RUNS, [""], "Invalid order_by clause ''"),
        (RUNS, ["x" * 10_001], "Invalid order_by clause"),
        (RUNS, ["tags.`a"], "Invalid order_by clause"),
        (RUNS, ["min(metrics.x"], "Close it with ')'"),
        (RUNS, ["min("], "It ends where a name"),
        (RUNS, ["max(tags.x)"], "max() is for metrics"),
        (RUNS, ["'name'"], "Expected 'Identifier'"),
        (RUNS, ["name"], "Invalid attribute key 'name'"),
        (RUNS, ["foo.x"], "Invalid entity type 'foo'"),
        (RUNS, ["dataset.name"], "can be ordered by"),
        (EXPERIMENTS, ["tags.x"], "can be ordered by"),
        (REGISTERED_MODELS, ["creation_timestamp"], "Invalid order by key 'creation_timestamp' specified"),
        (MODEL_VERSIONS, ["run_id"], "Invalid attribute key 'run_id' specified"),
        (RUNS, ["start_time", "Created DESC"], "contains duplicate fields"),
        (RUNS, ["metrics.x"] * 51, "at most 50"),
    ],
)
def test_a_wrong_order_is_refused_in_words(grammar: Grammar, terms: list[str], message: str) -> None:
    with pytest.raises(Invalid, match=re.escape(message)) as caught:
        parse_order(terms, grammar)
    assert caught.value.field == "order_by"


def test_one_metric_may_be_ordered_by_two_of_its_aggregates() -> None:
    found = parse_order(["min(metrics.x)", "metrics.x DESC"], RUNS)
    assert [each.aggregate for each in found] == ["min", "last"]
