"""Matrices of JSON numbers: each double is the one that `float` gives, and nothing else than JSON is ever read."""

from __future__ import annotations

import json
import math
import random
import struct
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlregistry.lib import json_matrix

WIDTH = 100
N_RANDOM = 300_000  # of each kind
SEED = 20


def read(text: bytes, room: int | None = None) -> tuple[Any, Any] | None:
    """Numbers and which are whole; None for what is no matrix, or is one of another end than the text's."""
    size = len(text) // 2 + 1 if room is None else room
    numbers, whole = np.empty(size), np.empty(size, dtype=np.uint8)
    end, n_rows, n_columns = json_matrix.read(np.frombuffer(text, dtype=np.uint8), 0, numbers, whole)
    if not n_rows or end != len(text):
        return None
    shape, used = (n_rows, n_columns), n_rows * n_columns
    return numbers[:used].reshape(shape), whole[:used].reshape(shape)


def one(text: str) -> float | None:
    found = read(b"[[%s]]" % text.encode())
    return None if found is None else float(found[0][0, 0])


def bits(value: float) -> bytes:
    return struct.pack("<d", value)


def n_unread(texts: list[str]) -> int:
    """How many of them are not read; all others are asserted to be what `float` says, to the bit."""
    missing = 0
    for start in range(0, len(texts), WIDTH):
        some = texts[start : start + WIDTH]
        found = read(f"[[{','.join(some)}]]".encode())
        values = [one(text) for text in some] if found is None else found[0][0].tolist()
        for text, value in zip(some, values, strict=True):
            if value is None:
                missing += 1
            else:
                assert bits(value) == bits(float(text)), text
    return missing


def random_doubles(rng: random.Random) -> Iterator[float]:
    """Normal ones of all magnitudes."""
    while True:
        (value,) = struct.unpack("<d", rng.randbytes(8))
        if math.isfinite(value) and abs(value) >= 2.0**-1022:
            yield value


def test_doubles_of_random_bits_are_read_back_to_the_bit() -> None:
    found = random_doubles(random.Random(SEED))
    texts = [repr(next(found)) for _ in range(N_RANDOM)]
    assert n_unread(texts) == 0


@pytest.mark.parametrize("n_digits", [1, 4, 15, 16, 17, 18, 19])
def test_decimals_of_any_length_are_the_doubles_of_float(n_digits: int) -> None:
    rng = random.Random(n_digits)
    texts = []
    for _ in range(N_RANDOM // 5):
        digits = str(rng.randrange(10 ** (n_digits - 1), 10**n_digits))
        point = rng.randrange(1, len(digits) + 1)
        exponent = rng.choice(["", f"e{rng.randrange(-30, 31)}", f"E{rng.randrange(-300, 288):+d}"])
        sign = rng.choice(["", "-"])
        fraction = f".{digits[point:]}" if digits[point:] else ""
        texts.append(f"{sign}{digits[:point]}{fraction}{exponent or 'e0'}")
    assert n_unread(texts) == 0


def test_what_lies_in_the_middle_of_two_doubles_or_next_to_it_is_read_right() -> None:
    rng = random.Random(SEED)
    texts = []
    for _ in range(N_RANDOM // 10):
        shift = rng.randrange(1, 11)
        middle = (2 * rng.randrange(2**52, 2**53) + 1) << (shift - 1)
        for near in (middle - 1, middle, middle + 1):
            zeros = rng.randrange(0, 15)
            digits = str(near)
            texts += [f"{near}e0", f"{digits[:-zeros]}.{digits[-zeros:]}e{zeros}" if zeros else f"{near}E+0"]
    assert n_unread(texts) == 0


def test_the_middle_of_two_doubles_far_from_the_integers_is_no_trap() -> None:
    """The longest decimals that are read, cut from the exact middle: above, below, and nearly on it."""
    rng, found, texts = random.Random(SEED), random_doubles(random.Random(SEED + 1)), []
    for _ in range(N_RANDOM // 10):
        low = abs(next(found))
        middle = (Fraction(low) + Fraction(math.nextafter(low, math.inf))) / 2 if low < 1e308 else Fraction(1)
        power = math.floor(math.log10(low)) - 18
        scaled = int(middle / Fraction(10) ** power)
        while scaled >= 10**19:
            scaled, power = scaled // 10, power + 1
        texts += [f"{scaled + step}e{power}" for step in (-1, 0, 1, rng.randrange(-50, 50))]
    assert n_unread(texts) <= 3


def test_integers_are_read_as_far_as_doubles_know_them() -> None:
    for near in range(2**53 - 2_000, 2**53 + 1):
        assert one(str(near)) == near
        assert one(str(-near)) == -near
    for beyond in (2**53 + 1, 2**53 + 2, 2**63 - 1, 2**63, 2**64, 10**19, 10**40):
        assert one(str(beyond)) is None
        assert one(f"-{beyond}") is None
    texts = [f"{2**53 + step}{end}" for step in range(-2_000, 2_000) for end in (".0", "e0", "0e-1")]
    assert n_unread(texts) == 0


def test_zero_keeps_its_sign_but_an_integer_has_none() -> None:
    for text in ("0", "0.0", "-0.0", "0e5", "-0e-400", "0.000e9999", "-0.0E+0"):
        found = one(text)
        assert found is not None
        assert bits(found) == bits(float(text)), text
    assert one("-0") is None


@pytest.mark.parametrize(
    "text",
    [
        "1e308", "1.7976931348623157e308", "-1.7976931348623157E+308", "17976931348623157e292",
        "2.2250738585072014e-308",
        "-2.2250738585072014e-308", "22250738585072014e-324", "1e-307", "9007199254740993e291",
        "0.00000000000000000000000012345678901234567", "123456.7890123456789",
        "9999999999999999999e0", "1e22", "1e23", "1e-22", "1e-23", "9007199254740992e22",
    ],
)  # fmt: skip
def test_numbers_at_both_ends_are_read(text: str) -> None:
    found = one(text)
    assert found is not None
    assert bits(found) == bits(float(text))


@pytest.mark.parametrize(
    "text",
    [
        "1e309", "1.7976931348623159e308", "-1e400", "1e9999", "1e10000", "1e99999999999999999999",
        "1e-99999999999999999999",
        "2.2250738585072011e-308", "5e-324", "1e-323", "1e-400", "12345678901234567890.5", "0.12345678901234567891",
    ],
)  # fmt: skip
def test_what_is_too_large_too_small_or_too_long_is_left_alone(text: str) -> None:
    assert one(text) is None


@pytest.mark.parametrize(
    "text",
    [
        b"", b"[", b"[]", b"[[]]", b"[[],[]]", b"[[1]", b"[1]]", b"[1]", b"1", b"[[1],]", b"[[1,]]", b"[[,1]]",
        b"[,[1]]",
        b"[[1][2]]", b"[[1 2]]", b"[[1],[2,3]]", b"[[1,2],[3]]", b"[[1],[]]", b"[[1]] x", b"x[[1]]", b"[[[1]]]",
        b"[[1]],",
        b"[[01]]", b"[[-01]]", b"[[00]]", b"[[+1]]", b"[[.5]]", b"[[5.]]", b"[[-]]", b"[[-.5]]", b"[[1e]]", b"[[1e+]]",
        b"[[1.e5]]", b"[[1e5.0]]", b"[[1e 5]]", b"[[1 .0]]", b"[[- 1]]", b"[[--1]]", b"[[1.2.3]]", b"[[1e5e5]]",
        b"[[0x10]]", b"[[1_000]]", b"[[1f]]", b"[[NaN]]", b"[[Infinity]]", b"[[-Infinity]]", b"[[nan]]", b"[[null]]",
        b"[[true]]", b'[["1"]]', b"[[{}]]", b"[[1]\x0b]", b"[[1\x0c]]", b"[[1\xa0]]", b"[[1\x00]]", b"[[\xc2\xa01]]",
        b"[[1]]\x00",
        "[[１]]".encode(), b"[[1//]]", b"[[1/**/]]",
    ],
)  # fmt: skip
def test_what_is_no_matrix_of_plain_numbers_is_not_read(text: bytes) -> None:
    assert read(text) is None


pieces = st.sampled_from(
    ["[", "]", "[[", "]]", ",", "],[", "-", "+", ".", "e", "E", "0", "00", "1", "9", "12", "1.5", "-0", "1e3", "1E-2",
     "9007199254740993", "1e400", " ", "\n", "\t", "\r", "\x0b", "null", "true", "NaN", '"a"', "{", "}", ":", "\x00",
     "é"]
)  # fmt: skip
space = st.sampled_from(["", "", "", " ", "\n", "\t ", "\r\n"])
numbers = (
    st.integers(-(2**54), 2**54).map(str) | st.floats(allow_nan=False, allow_infinity=False).map(repr)
    | st.from_regex(r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)
)  # fmt: skip


def agrees_with_json(text: bytes) -> None:
    """What is read is what a JSON reader finds there: as many rows, integers where whole, the same doubles."""
    found = read(text)
    if found is None:
        return
    rows = msgspec.json.decode(text)
    assert [len(row) for row in rows] == [found[0].shape[1]] * len(found[0])
    for row, values, marks in zip(rows, *(part.tolist() for part in found), strict=True):
        assert [type(value) for value in row] == [int if mark else float for mark in marks]
        assert [bits(float(value)) for value in row] == [bits(value) for value in values]


@settings(max_examples=1_500, deadline=None)
@given(st.lists(pieces, max_size=14).map("".join))
def test_whatever_text_is_read_json_reads_alike(text: str) -> None:
    for around in (text, f"[[{text}]]", f"[[1,{text}],[2,3]]"):
        agrees_with_json(around.encode())


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_matrix_with_space_anywhere_is_read_whole_or_for_a_reason(data: st.DataObject) -> None:
    width = data.draw(st.integers(1, 4))
    rows = data.draw(st.lists(st.lists(numbers, min_size=width, max_size=width), min_size=1, max_size=4))
    gap = data.draw(space)
    inner = f"{gap},{gap}".join(f"[{gap}{f'{gap},{gap}'.join(row)}{gap}]" for row in rows)
    text = f"[{gap}{inner}{gap}]".encode()
    agrees_with_json(text)
    if read(text) is None:
        assert any(one(number) is None for row in rows for number in row)


def test_a_text_is_never_read_beyond_its_end() -> None:
    whole = b"[[1.25, -3e-4], [17, 0.1]]"
    for end in range(len(whole)):
        held = np.frombuffer(whole, dtype=np.uint8)[:end]  # what follows would make it right
        numbers, marks = np.empty(10), np.empty(10, dtype=np.uint8)
        assert json_matrix.read(held, 0, numbers, marks) == (0, 0, 0)
    for start in (len(whole), len(whole) + 1, 2**62, 2**63 - 1, 2**64 - 1):
        assert json_matrix.read(
            np.frombuffer(whole, dtype=np.uint8), start, np.empty(9), np.empty(9, dtype=np.uint8)
        ) == (0, 0, 0)


def test_nothing_is_written_beyond_the_room_that_is_given() -> None:
    text = np.frombuffer(b"[[1,2,3],[4,5,6]]", dtype=np.uint8)
    for room in range(6):
        numbers, marks = np.full(20, -7.0), np.full(20, 77, dtype=np.uint8)
        assert json_matrix.read(text, 0, numbers[:room], marks[:room]) == (0, 0, 0)
        assert (numbers[room:] == -7.0).all()
        assert (marks[room:] == 77).all()
    assert json_matrix.read(text, 0, np.empty(6), np.empty(5, dtype=np.uint8)) == (0, 0, 0)
    assert json_matrix.read(text, 0, np.empty(6), np.empty(6, dtype=np.uint8)) == (len(text), 2, 3)


def test_powers_of_five_are_cut_off_behind_128_bits_or_rounded_up_to_divide_exactly() -> None:
    for power in range(json_matrix.LEAST_POWER, json_matrix.MOST_POWER + 1):
        high, low = json_matrix.POWERS_OF_FIVE[power - json_matrix.LEAST_POWER].tolist()
        kept = (high << 64) + low
        assert kept >> 127 == 1
        exact = Fraction(5) ** power
        shift = (power * 217706 >> 16) - power - 127
        up = json_matrix.LEAST_EXACT_POWER <= power < 0
        assert kept - up <= exact / Fraction(2) ** shift < kept + 1 - up


def test_python_and_machine_code_agree_on_a_whole_table() -> None:
    rng = np.random.default_rng(SEED)
    values = rng.normal(size=(500, 30)) * 10.0 ** rng.integers(-9, 9, size=(500, 30))
    found = read(json.dumps(values.tolist()).encode())
    assert found is not None
    assert found[0].tobytes() == values.tobytes()
    assert not found[1].any()
