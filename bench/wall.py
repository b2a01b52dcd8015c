"""What PostgreSQL's row policies cost: every dashboard with them and without, in turns, on one database.

    .venv/bin/python -m tests.database .venv/bin/python -m bench.wall         a server of its own, 10,000 tenants
    .venv/bin/python -m tests.database .venv/bin/python -m bench.wall --tenants 1000

Without them: the superuser's connections, whom no policy holds back, and nothing said to the database. The aim is a
ratio of at most 1.1 (a tenth more) with 100,000 keys. Figures move from run to run; ratios hold.
"""

import argparse
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from bench.pages import PAGES, Side, clients_of, settings_of, side_of
from portal.access import wall
from portal.accounts import passwords
from portal.app import create_app
from tests.database import postgres_cluster

AIM = 1.1
NAME = "portal_bench_wall"


def main() -> None:
    """Fill, measure, print."""
    wish = _arguments()
    passwords.use_cheap_profile()
    with postgres_cluster() as cluster:
        app_url, migration_url = cluster.create_database(NAME)
        try:
            without = side_of(cluster.superuser_url(NAME), wish.tenants, migration_url)
            behind = create_app(settings_of(app_url, migration_url))
            with behind.app_context():
                within = Side(behind, without.world, clients_of(behind, without.world), {}, {})
            for _round in range(wish.rounds + 1):
                for page, (who, path) in PAGES.items():
                    within.get(page, who, path)
                    with _nothing_said():
                        without.get(page, who, path)
            _print(within, without)
        finally:
            cluster.drop_database(NAME)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--tenants", type=int, default=10_000)
    return parser.parse_args()


@contextmanager
def _nothing_said() -> Iterator[None]:
    with patch.object(wall, "_say", lambda _connection, _wanted: None):
        yield


def _print(within: Side, without: Side) -> None:
    print(f"\n{'page':<38} {'without':>10} {'with':>10} {'ratio':>6}")
    ratios = []
    for page in PAGES:
        # The first round loads templates and caches.
        off, on = (statistics.median(side.seconds[page][1:]) * 1000 for side in (without, within))
        ratios.append(on / off)
        print(f"{page:<38} {off:7.1f} ms {on:7.1f} ms {on / off:6.2f}{'' if on / off <= AIM else '  <'}")
    print(f"\nmedian ratio {statistics.median(ratios):.2f}, largest {max(ratios):.2f}, aim {AIM}")


if __name__ == "__main__":
    main()
