"""What holds for every test; the databases that tests get."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.postgres import NoPostgresError, Postgres

# How long an example takes says something about the machine, not about the program: figures live in bench/.
settings.register_profile("edaran", deadline=None)
settings.load_profile("edaran")

ENGINES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server, started by the first test that asks for it."""
    try:
        server = Postgres()
    except NoPostgresError as error:
        pytest.skip(str(error))
    yield server
    server.stop()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a SQLite database that does not exist yet."""
    return f"sqlite:///{tmp_path}/edaran.db"


@pytest.fixture
def postgresql_url(postgres: Postgres) -> Iterator[str]:
    """The address of an empty PostgreSQL database of the test's own."""
    with postgres.database() as url:
        yield url


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database of the test's own; the test runs once an engine."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url
