"""Whether migrations are due is told by the names on disk and in the database."""

import pytest
from django.db import connection

from mlregistry.supervisor import migrations


@pytest.mark.django_db
def test_nothing_is_due_in_a_database_that_was_migrated() -> None:
    assert not migrations.due()


@pytest.mark.django_db
def test_one_migration_that_is_not_recorded_is_due() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'jobs' AND name LIKE '0001%'")
    assert migrations.due()


@pytest.mark.django_db
def test_a_migration_of_a_later_release_is_left_alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('jobs', '9999_later', now())"
        )
    assert not migrations.due()


@pytest.mark.django_db
def test_all_are_due_in_an_empty_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE django_migrations RENAME TO elsewhere")
    assert migrations.due()
