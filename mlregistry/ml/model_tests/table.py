"""The table of checks, in the order in which they are run and shown. The job, pages, policies and docs read it."""

from __future__ import annotations

from collections.abc import Collection

from mlregistry.errors import Invalid
from mlregistry.ml.model_tests import (
    clustering_checks,
    contract_checks,
    cost_checks,
    edge_checks,
    expectation_checks,
    leak_checks,
    output_checks,
    quality_checks,
    recommendation_checks,
    sensitivity_checks,
    slice_checks,
    steadiness_checks,
)
from mlregistry.ml.model_tests.check import Check

CHECKS: tuple[Check, ...] = (
    *contract_checks.CHECKS, *edge_checks.CHECKS, *steadiness_checks.CHECKS, *output_checks.CHECKS,
    *quality_checks.CHECKS, *slice_checks.CHECKS, *leak_checks.CHECKS, *sensitivity_checks.CHECKS,
    *cost_checks.CHECKS, *clustering_checks.CHECKS, *recommendation_checks.CHECKS,
)  # fmt: skip
BY_NAME = {check.name: check for check in CHECKS}
__all__ = ["BY_NAME", "CHECKS", "checks_of", "parse_blocking"]
checks_of = expectation_checks.checks_of


def parse_blocking(given: object) -> list[str] | None:
    """The names of the checks that block, or None for the usual ones; Invalid for a name that there is not."""
    if given is None:
        return None
    if not isinstance(given, Collection) or isinstance(given, str | bytes):
        raise Invalid(
            "The checks that block are a list of names, or null for the usual ones.", field="blocking"
        )
    for name in given:
        if name not in BY_NAME:
            raise Invalid(
                f"“{str(name)[:60]}” is no check; GET /api/v1/model-tests lists them.", field="blocking"
            )
    return [check.name for check in CHECKS if check.name in given]
