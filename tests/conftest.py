"""What holds for every test; the databases that tests get."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import settings

from bot.storage.engine import open_engine
from bot.storage.migrate import ensure_current
from tests.postgres import NoPostgresError, Postgres

# How long an example takes says something about the machine, not about the program: figures live in bench/.
# The suite tries the same examples every time, so that a change fails by what it changed. `make explore`
# tries new ones; what it finds becomes an example of its test.
settings.register_profile("edaran", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=2_000)
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


@pytest.fixture(scope="session")
def prepared_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database of the program's version: to bring one there takes time, to copy it none."""
    file = tmp_path_factory.mktemp("prepared") / "edaran.db"
    _prepare(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def prepared_name(postgres: Postgres) -> Iterator[str]:
    """The name of a PostgreSQL database of the program's version."""
    with postgres.database() as url:
        _prepare(url)
        yield Postgres.name_in(url)


def _prepare(url: str) -> None:
    """In a thread of its own: whoever asks first may be in a loop already."""

    async def work() -> None:
        engine = open_engine(url)
        await ensure_current(engine)
        await engine.dispose()

    with ThreadPoolExecutor(1) as threads:
        threads.submit(asyncio.run, work()).result()


# --- what tests ask for ----------------------------------------------------------------------


@pytest.fixture
def sqlite_url(tmp_path: Path, prepared_file: Path) -> str:
    """The address of a SQLite database of the test's own, set up and without a row."""
    shutil.copyfile(prepared_file, tmp_path / "edaran.db")
    (tmp_path / "edaran.db").chmod(0o600)
    return f"sqlite:///{tmp_path}/edaran.db"


@pytest.fixture
def postgresql_url(postgres: Postgres, prepared_name: str) -> Iterator[str]:
    """The same in PostgreSQL."""
    with postgres.database(prepared_name) as url:
        yield url


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest) -> str:
    """A database of the test's own, set up and without a row; the test runs once an engine."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def new_sqlite_url(tmp_path: Path) -> str:
    """The address of a SQLite database that does not exist yet."""
    return f"sqlite:///{tmp_path}/edaran.db"


@pytest.fixture
def new_postgresql_url(postgres: Postgres) -> Iterator[str]:
    """The address of an empty PostgreSQL database."""
    with postgres.database() as url:
        yield url


@pytest.fixture(params=ENGINES)
def new_database_url(request: pytest.FixtureRequest) -> str:
    """A database that nothing was set up in."""
    url: str = request.getfixturevalue(f"new_{request.param}_url")
    return url
