"""The environment: defaults that work, and one line that names the variable when a value does not."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mlregistry import env


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLREGISTRY_HOME", str(tmp_path / "home"))
    for name in ("PORT", "HOST", "DATABASE_URL", "MLREGISTRY_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_the_defaults_serve_on_the_loopback_with_the_embedded_database() -> None:
    assert (env.host(), env.port(), env.database_url()) == ("127.0.0.1", 8000, None)
    assert env.database_settings()["HOST"] == str(env.socket_folder())


def test_the_home_is_made_and_closed_to_others() -> None:
    assert stat.S_IMODE(env.home().stat().st_mode) == 0o700


def test_a_home_that_is_a_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MLREGISTRY_HOME", str(tmp_path / "file"))
    with pytest.raises(env.EnvironmentMistake, match="MLREGISTRY_HOME"):
        env.home()


@pytest.mark.parametrize("value", ["0", "65536", "http", "-1", "８０"])
def test_a_port_that_is_none_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", value)
    with pytest.raises(env.EnvironmentMistake, match="PORT must be a whole number from 1 to 65535"):
        env.port()


def test_flags_know_yes_and_no_and_refuse_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.flag("MLREGISTRY_DEMO", True) is True
    monkeypatch.setenv("MLREGISTRY_DEMO", "0")
    assert env.flag("MLREGISTRY_DEMO", True) is False
    monkeypatch.setenv("MLREGISTRY_DEMO", "Yes")
    assert env.flag("MLREGISTRY_DEMO") is True
    monkeypatch.setenv("MLREGISTRY_DEMO", "perhaps")
    with pytest.raises(env.EnvironmentMistake, match="MLREGISTRY_DEMO"):
        env.flag("MLREGISTRY_DEMO")


def test_a_database_url_is_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://ann:p%40ss@db.example:5433/flow?sslmode=require")
    found = env.database_settings()
    assert [found[key] for key in ("USER", "PASSWORD", "HOST", "PORT", "NAME")] == [
        "ann",
        "p@ss",
        "db.example",
        "5433",
        "flow",
    ]
    assert found["OPTIONS"] == {"sslmode": "require"}


@pytest.mark.parametrize("value", ["mysql://h/n", "postgres://h", "postgres://h:port/n", "n"])
def test_a_database_url_of_another_kind_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", value)
    with pytest.raises(env.EnvironmentMistake, match="DATABASE_URL"):
        env.database_settings()


def test_the_secret_is_made_once_even_by_processes_that_start_together() -> None:
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(lambda _: env.secret_key(), range(32)))
    assert len(secrets) == 1
    assert len(secrets.pop()) >= 50
    assert stat.S_IMODE((env.home() / "secret_key").stat().st_mode) == 0o600


def test_a_long_home_gets_its_socket_elsewhere(tmp_path: Path) -> None:
    long = tmp_path / ("x" * 100)
    assert len(str(env.socket_folder(long))) <= env.LONGEST_SOCKET_FOLDER
    assert env.socket_folder(long) == env.socket_folder(long)


def test_networks_are_read_from_a_list_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.networks("MLREGISTRY_ALLOWED_NETWORKS") == []
    monkeypatch.setenv("MLREGISTRY_ALLOWED_NETWORKS", "10.1.0.0/16, fd00::/8,")
    assert env.networks("MLREGISTRY_ALLOWED_NETWORKS") == ["10.1.0.0/16", "fd00::/8"]


@pytest.mark.parametrize("value", ["ten", "10.1.0.0/40", "10.1.2.3/16"])
def test_a_network_that_is_none_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLREGISTRY_ALLOWED_NETWORKS", value)
    with pytest.raises(env.EnvironmentMistake, match="MLREGISTRY_ALLOWED_NETWORKS must be networks"):
        env.networks("MLREGISTRY_ALLOWED_NETWORKS")
