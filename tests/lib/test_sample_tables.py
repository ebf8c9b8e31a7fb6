"""The tables of the first steps are the same everywhere, and fit what their problems say."""

import csv
import hashlib

import pytest

from mlregistry.lib.sample_tables import SAMPLES

DIGESTS = {"churn": "df13e2264f6c2b9f", "flats": "b57f3f1be3a3f312"}


@pytest.mark.parametrize("key", SAMPLES)
def test_a_sample_is_the_same_to_the_last_byte(key: str) -> None:
    assert hashlib.sha256(SAMPLES[key].as_csv()).hexdigest()[:16] == DIGESTS[key]


@pytest.mark.parametrize("key", SAMPLES)
def test_a_sample_has_its_target_and_a_few_gaps(key: str) -> None:
    sample = SAMPLES[key]
    header, *rows = csv.reader(sample.as_csv().decode().splitlines())
    assert sample.target in header
    assert {len(row) for row in rows} == {len(header)}
    assert all(row[header.index(sample.target)] for row in rows)
    assert 0 < sum("" in row for row in rows) < len(rows) / 10
