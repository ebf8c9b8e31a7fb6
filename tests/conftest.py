"""What every test stands on: the servers, Django's set-up, and the rule that CI skips nothing."""

import os
from collections.abc import Generator

import django
import pytest
from django.conf import settings
from django.test import TransactionTestCase

from tests.emptying import empty_tables
from tests.servers import (
    django_db_keepdb,
    prepare_environment,
    pytest_sessionstart,
    pytest_unconfigure,
    redis_server,
    server_environment,
    use_template,
)

pytest_plugins = ["tests.cast"]
__all__ = [
    "django_db_keepdb",
    "pytest_sessionstart",
    "pytest_unconfigure",
    "redis_server",
    "server_environment",
]

prepare_environment()
use_template()
django.setup()
TransactionTestCase._fixture_teardown = empty_tables  # type: ignore[attr-defined]  # unknown to the stubs

IN_CI = os.environ.get("CI", "").lower() == "true"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.fixture(scope="session", autouse=True)
def _fast_passwords() -> None:
    """Tests log in by the hundred; the real hash costs 0.4 s each."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """With CI=true a skipped test is a failure; an expected failure (xfail) is none."""
    if IN_CI and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where every server must be there: {report.longrepr}"
