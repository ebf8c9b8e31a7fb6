"""JSON texts of matrices, `[[1, 2.5, -3e-4], …]`, as arrays of doubles. `serving.hotpath.decoding` reads requests so.

Digits become doubles as in Daniel Lemire, “Number Parsing at a Gigabyte per Second” (Software: Practice and Experience,
2021): by the processor's own arithmetic where that is exact (William Clinger, 1990), else by a product with a power of
five of 128 bits, whose error is known. Where these leave a doubt, nothing is read; nor are subnormal doubles.

All of it stands in one module: what is kept of the machine code is renewed when its module changes, not those it calls.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlregistry.lib.machine_code import machine_code

LEAST_POWER, MOST_POWER = -342, 308  # of ten; with 19 digits, what lies beyond is nothing or infinite
MOST_DIGITS = np.uint64(19)  # fit into 64 bits
MOST_EXACT = np.uint64(2**53)
MOST_EXACT_POWER = 22
# Of five: between these a product that ends in ones is none that was cut off; only with those a decimal of 64 bits lies
# in the middle between two doubles.
LEAST_EXACT_POWER, MOST_SURE_POWER = -27, 55
LEAST_EVEN_POWER, MOST_EVEN_POWER = -4, 23
OPEN, CLOSE, COMMA, POINT, MINUS, PLUS, ZERO, BIG_E, SMALL_E = b"[],.-+0Ee"
SPACE, TAB, NEWLINE, RETURN = b" \t\n\r"

ZERO_64, ONE, THREE, FOUR = np.uint64(0), np.uint64(1), np.uint64(3), np.uint64(4)
NINE, TEN, HALF, FRACTION, TOP = np.uint64(9), np.uint64(10), np.uint64(32), np.uint64(52), np.uint64(63)
LOW_HALF, LOW_NINE, LOW_FRACTION = np.uint64(2**32 - 1), np.uint64(2**9 - 1), np.uint64(2**52 - 1)
ALL_ONES = np.uint64(2**64 - 1)
DIGIT_ZERO = np.uint64(ZERO)


def _powers_of_five() -> NDArray[np.uint64]:
    """The first 128 bits of each power, as two columns: the upper and the lower half.

    They are cut off, but for reciprocals of what fits into 64 bits: these are rounded up, which divides exactly.
    """
    table = np.empty((MOST_POWER - LEAST_POWER + 1, 2), dtype=np.uint64)
    for place, power in enumerate(range(LEAST_POWER, MOST_POWER + 1)):
        five = 5 ** abs(power)
        length = five.bit_length()
        bits = five << 128 >> length
        if power < 0:
            bits = (1 << length + 127) // five + (power >= LEAST_EXACT_POWER)
        table[place] = bits >> 64, bits & (2**64 - 1)
    return table


POWERS_OF_FIVE = _powers_of_five()
POWERS_OF_TEN = np.array([10.0**power for power in range(MOST_EXACT_POWER + 1)])


@machine_code("(uint64, uint64)", within=True)
def _product(one: Any, other: Any) -> Any:
    """The upper and the lower 64 bits."""
    one_high, one_low, other_high, other_low = one >> HALF, one & LOW_HALF, other >> HALF, other & LOW_HALF
    low = one_low * other_low
    middle = one_high * other_low + (low >> HALF)
    cross = one_low * other_high + (middle & LOW_HALF)
    return one_high * other_high + (middle >> HALF) + (cross >> HALF), one * other


@machine_code("(uint64,)", within=True)
def _leading_zeros(value: Any) -> Any:
    """Of a value that is not 0."""
    found = ZERO_64
    width = HALF
    while width > ZERO_64:
        if value >> (np.uint64(64) - width) == ZERO_64:
            value <<= width
            found += width
        width >>= ONE
    return found


@machine_code("(uint64, int64)", within=True)
def _nearest(digits: Any, power: Any) -> Any:
    """Digits (not 0) times a power of ten as the bits of the nearest double, and whether there is no doubt.

    Subnormal and infinite ones are left in doubt, too.
    """
    zeros = _leading_zeros(digits)
    normal = digits << zeros
    place = power - LEAST_POWER
    high, low = _product(normal, POWERS_OF_FIVE[place, 0])
    if high & LOW_NINE == LOW_NINE:
        more, _ = _product(normal, POWERS_OF_FIVE[place, 1])
        low += more
        if low < more:
            high += ONE
    if low == ALL_ONES and not LEAST_EXACT_POWER <= power <= MOST_SURE_POWER:
        return ZERO_64, False
    top = high >> TOP
    fraction = high >> (top + NINE)  # 54 bits; the last one is to be rounded
    may_be_even = low <= ONE and LEAST_EVEN_POWER <= power <= MOST_EVEN_POWER
    if may_be_even and fraction & THREE == ONE and fraction << (top + NINE) == high:
        fraction ^= ONE  # in the middle between two doubles: to the even one
    exponent = (power * 217706 >> 16) + 1086 + np.int64(top) - np.int64(zeros)
    fraction = (fraction + (fraction & ONE)) >> ONE
    if fraction >> np.uint64(53) != ZERO_64:
        fraction >>= ONE
        exponent += 1
    if exponent < 1 or exponent > 2046:
        return ZERO_64, False
    return np.uint64(exponent) << FRACTION | fraction & LOW_FRACTION, True


@machine_code("(uint64, int64, boolean)", within=True)
def _double(digits: Any, power: Any, negative: Any) -> Any:
    """The double, and whether it is the one."""
    if digits <= MOST_EXACT and -MOST_EXACT_POWER <= power <= MOST_EXACT_POWER:
        value = np.float64(digits)
        value = value / POWERS_OF_TEN[-power] if power < 0 else value * POWERS_OF_TEN[power]
        return (-value if negative else value), True
    if digits == ZERO_64:
        return (-0.0 if negative else 0.0), True
    if power < LEAST_POWER or power > MOST_POWER:
        return 0.0, False
    bits, is_sure = _nearest(digits, power)
    value = np.uint64(bits).view(np.float64)
    return (-value if negative else value), is_sure


TEXT = "CPointer(uint8), uint64"  # its bytes and how many; an array would be counted in and out at each call
NOWHERE = np.uint64(2**63)  # beyond any text, as all places behind it; unsigned ones are never below it


@machine_code(f"({TEXT}, uint64, uint64)", within=True)
def _digits(text: Any, n: Any, at: Any, before: Any) -> Any:
    """Behind the digits that begin here, and their number with those before; too many of them are no number."""
    while at < n:
        digit = np.uint64(text[at]) - DIGIT_ZERO
        if digit > NINE:
            break
        before = before * TEN + digit
        at += ONE
    return at, before


@machine_code(f"({TEXT}, uint64, uint64)", within=True)
def _n_significant(text: Any, n: Any, at: Any, end: Any) -> Any:
    """How many digits stand there, without the zeros in front; the point is none."""
    n_digits = 0
    while at < end:
        if text[at] != POINT and (n_digits > 0 or text[at] != ZERO):
            n_digits += 1
        at += ONE
    return n_digits


@machine_code(f"({TEXT}, uint64)", within=True)
def _exponent(text: Any, n: Any, at: Any) -> Any:
    """Behind the exponent that begins here, and its value; nowhere if there is none or an odd one."""
    negative = at < n and text[at] == MINUS
    if negative or (at < n and text[at] == PLUS):
        at += ONE
    end, value = _digits(text, n, at, ZERO_64)
    if end == at or end > at + FOUR:
        return NOWHERE, np.int64(0)
    return end, np.int64(-np.int64(value) if negative else value)


@machine_code(f"({TEXT}, uint64)", within=True)
def _number(text: Any, n: Any, at: Any) -> Any:
    """Behind the number that begins here (nowhere: none that is plain), its double, and whether it is written whole.

    Whole ones beyond 2^53, and −0, are other numbers to whoever keeps them as integers.
    """
    negative = at < n and text[at] == MINUS
    start = at + ONE if negative else at
    at, digits = _digits(text, n, start, ZERO_64)
    if at == start or (at > start + ONE and text[start] == ZERO):
        return NOWHERE, 0.0, False
    end, power = at, np.int64(0)
    if at < n and text[at] == POINT:
        at, digits = _digits(text, n, end + ONE, digits)
        power = np.int64(end + ONE) - np.int64(at)
        if power == 0:
            return NOWHERE, 0.0, False
    if at > start + MOST_DIGITS and _n_significant(text, n, start, at) > MOST_DIGITS:
        return NOWHERE, 0.0, False
    if at < n and (text[at] == SMALL_E or text[at] == BIG_E):
        at, shift = _exponent(text, n, at + ONE)
        power += shift
    is_whole = at == end
    if at > n or (is_whole and (digits > MOST_EXACT or (negative and digits == ZERO_64))):
        return NOWHERE, 0.0, False
    value, is_sure = _double(digits, power, negative)
    return (at if is_sure else NOWHERE), value, is_whole


@machine_code(f"({TEXT}, uint64)", within=True)
def _past_space(text: Any, n: Any, at: Any) -> Any:
    while at < n and text[at] <= SPACE:
        if text[at] != SPACE and text[at] != NEWLINE and text[at] != RETURN and text[at] != TAB:
            return NOWHERE
        at += ONE
    return at


@machine_code(f"({TEXT}, uint64, int64)", within=True)
def _past(text: Any, n: Any, at: Any, mark: Any) -> Any:
    """Behind a mark and the space that follows; nowhere if another one stands there."""
    return _past_space(text, n, at + ONE) if at < n and text[at] == mark else NOWHERE


@machine_code(f"({TEXT}, uint64, float64[::1], uint8[::1], int64)", within=True)
def _row(text: Any, n: Any, at: Any, numbers: Any, whole: Any, n_read: Any) -> Any:
    """Behind the row that begins here, and how many numbers were read with those before; nowhere if it is none."""
    at = _past(text, n, at, OPEN)
    while at < n and n_read < len(numbers):
        at, numbers[n_read], whole[n_read] = _number(text, n, at)
        n_read += 1
        at = _past_space(text, n, at)
        if at < n and text[at] == CLOSE:
            return at + ONE, n_read
        at = _past(text, n, at, COMMA)
    return NOWHERE, n_read


@machine_code("(Array(uint8, 1, 'C', readonly=True), uint64, float64[::1], uint8[::1])", without_lock=True)
def read(given: Any, start: Any, numbers: Any, whole: Any) -> Any:
    """Reads the matrix that begins at a place of a text: behind its end, its rows and its columns; else three zeros.

    It lies row by row in `numbers`; `whole` tells which of them are written without point and exponent. Both are of
    the same length, and what they hold when there is no matrix, or behind it, has no meaning.
    """
    text, n = given.ctypes, np.uint64(len(given))
    at, n_rows, n_columns, n_read = _past(text, n, start, OPEN), 0, 0, 0
    while at < n and len(whole) == len(numbers):
        at, n_now = _row(text, n, at, numbers, whole, n_read)
        if n_rows == 0:
            n_columns = n_now
        if at > n or n_now - n_read != n_columns:
            break
        n_rows, n_read = n_rows + 1, n_now
        at = _past_space(text, n, at)
        if at < n and given[at] == CLOSE:
            return at + ONE, n_rows, n_columns
        at = _past(text, n, at, COMMA)
    return ZERO_64, 0, 0


@machine_code("(Array(uint8, 1, 'C', readonly=True), uint64, float64[::1], uint8[::1])", without_lock=True)
def read_list(given: Any, start: Any, numbers: Any, whole: Any) -> Any:
    """The same of a list of numbers: one row, as it were."""
    if len(whole) == len(numbers):
        at, n_columns = _row(given.ctypes, np.uint64(len(given)), start, numbers, whole, 0)
        if at <= np.uint64(len(given)):
            return at, 1, n_columns
    return ZERO_64, 0, 0
