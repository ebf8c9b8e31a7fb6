"""Formulas: what they mean, where an error is, and that nothing gets out of them."""

import pytest

from mlregistry.errors import Invalid
from mlregistry.lib import formulas

TYPES = {"a": "number", "b": "number", "flag": "boolean", "name": "text", "since": "time", "no way": "number"}


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1 + 2 * 3", ("call", "+", ("number", 1.0), ("call", "*", ("number", 2.0), ("number", 3.0)))),
        ("-a ** 2", ("call", "negative", ("call", "**", ("column", "a"), ("number", 2.0)))),
        ("2 ** -a", ("call", "**", ("number", 2.0), ("call", "negative", ("column", "a")))),
        ("not a == b", ("call", "not", ("call", "==", ("column", "a"), ("column", "b")))),
        ("`no way`", ("column", "no way")),
        ("`a``b`", ("column", "a`b")),
        ("'it''s'", ("text", "it's")),
        ('"say ""hi"""', ("text", 'say "hi"')),
        ("TRUE", ("boolean", True)),
        ("log", ("column", "log")),
    ],
)
def test_text_becomes_a_tree_with_the_precedence_of_python(text: str, tree: object) -> None:
    assert formulas.parse(text) == tree


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("a +", "Character 4: a number, a column or a function is expected, not the end"),
        ("a b", "Character 3: 'b' is not expected here"),
        ("(a", "Character 3: ')' is expected, not the end; it closes character 1"),
        ("a = b", "Character 3: write == to compare"),
        ("a < b < 1", "Character 7: comparisons do not chain"),
        ("sin(a)", "Character 1: there is no function 'sin'"),
        ("clip(a, 1)", "clip takes 3 values, not 2"),
        ("min(a)", "min takes 2 to 20 values"),
        ("'open", "Character 1: the quote ' is never closed"),
        ("größe + 1", "needs back-ticks"),
        ("1e999", "too large"),
        ("``", "1 to 200 characters"),
        ("a\u00a0+ b", "Character 2: U+00A0 (no-break space) has no meaning"),
        ("'\x00'", "Character 2: NUL"),
    ],
)
def test_an_error_says_what_and_where(text: str, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        formulas.parse(text)
    assert words in caught.value.message
    assert caught.value.field == "formula"


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "().__class__.__bases__[0].__subclasses__()",
        "a.__class__",
        "a[0]",
        "{a}",
        "[x for x in a]",
        "lambda: 1",
        "eval('1')",
        "exec('1')",
        "getattr(a, 'b')",
        "open('/etc/passwd')",
        "f'{a}'",
        "@a",
        "a if b else c",
        "a; b",
        "a := 1",
        "a\\n",
        "ａ + 1",  # full-width letter
        "a\u2028+ 1",
        "a\u202e+ 1",
        "a\x00",
        "１ + 1",  # full-width digit
        "a − 1",  # a minus that is none
        "\ud800",
        "'\ud800'",
        "'\x00'",
        "`\x00`",
        "a\u00a0+ b",
        "a + “b”",
        "аbs(a)",  # a Cyrillic letter
        "ſum(a)",
        "name.__class__.__base__.__subclasses__()",
        "a.__globals__",
        "globals()",
        "print(a)",
        "import os",
        "b'a'",
        "{{a}}",
        "${a}",
        "%s",
        "0x1F",
        "1_000",
        "1j",
        "a // b",
        "a << 99999",
        "~a",
        "a'; --",
        "`gone`` from table`",
        "min(" + ",".join(["a"] * 21) + ")",
        "round(a, 999999999)",
        "'" + "x" * 100_000 + "'",
        "`" + "x" * 201 + "`",
        "1e400",
        "9 ** 9 ** 9",
        "a ** 101",
        "a ** -1000",
        "(" * 60 + "a" + ")" * 60,
        "-" * 60 + "a",
        "not " * 60 + "flag",
        "abs(" * 60 + "a" + ")" * 60,
        "+".join(["a"] * 150),
        "2 ** " * 60 + "a",
        "a" * 2001,
        "1" * 41,
    ],
)
def test_whatever_tries_to_escape_or_to_exhaust_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        formulas.check(formulas.parse(text), TYPES)


@pytest.mark.parametrize(
    ("text", "type"),
    [
        ("a / b", "number"),
        ("a > 1 and not flag", "boolean"),
        ("if(flag, name, 'none')", "text"),
        ("if(flag, a, null)", "number"),
        ("coalesce(since, date('2024-01-31'))", "time"),
        ("flag + 1", "number"),
        ("since < date('2024-01-31')", "boolean"),
        ("isnull(name)", "boolean"),
        ("year(since)", "number"),
    ],
)
def test_the_type_follows_from_those_of_the_columns(text: str, type: str) -> None:
    assert formulas.check(formulas.parse(text), TYPES) == type


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name + 1", "'+' needs a number, not text"),
        ("lower(a)", "lower() needs text, not a number"),
        ("if(a, 1, 2)", "if() needs true or false, not a number"),
        ("if(flag, 1, 'x')", "if() cannot mix a number with text"),
        ("since > '2024-01-31'", "write date('2024-01-31')"),
        ("date(name)", "date() takes a quoted text"),
        ("flag < flag", "compares numbers, texts or times"),
        ("gone + 1", "There is no column 'gone'"),
        ("null", "missing in every row"),
    ],
)
def test_types_that_do_not_fit_are_named(text: str, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        formulas.check(formulas.parse(text), TYPES)
    assert words in caught.value.message


@pytest.mark.parametrize("name", ['it"s', "o'clock", "a`b", "; DROP TABLE x; --", "a.__class__", "größe 10%"])
def test_a_column_of_any_name_is_reached_in_back_ticks(name: str) -> None:
    tree = formulas.parse("`" + name.replace("`", "``") + "` + 1")
    assert formulas.columns_of(tree) == [name]
    assert formulas.check(tree, {name: "number"}) == "number"


def test_the_columns_of_a_formula_are_known() -> None:
    assert formulas.columns_of(formulas.parse("a + log(b) * `no way` - a")) == ["a", "b", "no way"]
