"""`python -m portal.verifier explain`, or `portal-verify explain`: why a captured call passes, by a bundle, offline."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from portal.verifier import bundle as bundles
from portal.verifier import questions
from portal.verifier.bundle import Refused
from portal.verifier.captured import Unreadable
from portal.verifier.compared import moment
from portal.verifier.holding import Held, after
from portal.verifier.records import Moment


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; its exit code comes back: 0 may pass, 1 may not, 2 cannot be looked at."""
    given = _parser().parse_args(arguments)
    try:
        asked = questions.question(given.request, given.at, given.service)
        environment, held = _held(given.bundle, given.jwks)
    except (Unreadable, Refused) as refused:
        print(f"Error: {refused}", file=sys.stderr)
        return questions.UNREADABLE
    notes = (*asked.notes, *_about(environment, held, asked.at))
    answer = questions.answer(held.tables, asked._replace(notes=notes))
    print(answer.text)
    return answer.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="portal-verify", description="Decides about calls by the portal's bundles.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    explain = commands.add_parser(
        "explain",
        help="explain what is decided about a captured call",
        description="Explain what is decided about a captured call: every check in its order, and what it compared.",
        epilog="Ends with 0 when the call may pass, with 1 when it may not, and with 2 when it cannot be looked at.",
    )
    explain.add_argument("request", metavar="FILE", help=questions.REQUEST_HELP)
    explain.add_argument(
        "--bundle", metavar="FILE", action="append", required=True,
        help="the bundle of the key's environment; again for each bundle that goes on from it",
    )  # fmt: skip
    explain.add_argument("--jwks", metavar="FILE", required=True, help="the portal's public keys for bundles")
    explain.add_argument("--service", metavar="CODE", help=questions.SERVICE_HELP)
    explain.add_argument("--at", metavar="MOMENT", help=questions.AT_HELP)
    return parser


def _held(files: Sequence[str], jwks: str) -> tuple[str, Held]:
    """What these bundles say, and for which environment. Raises: Unreadable, Refused."""
    keys = _content(jwks)
    try:
        public_keys = bundles.public_keys(json.loads(keys))
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"{jwks} holds no JWK set.") from error
    held, environments = None, set()
    for file in files:
        bundle = bundles.read(_content(file).strip(), public_keys.get)
        environments.add(bundle.environment)
        if len(environments) > 1:
            raise Unreadable("The bundles are of different environments.")
        held = after(held, bundle)
    assert held is not None  # noqa: S101 - at least one is required
    return environments.pop(), held


def _content(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise Unreadable(f"{file} cannot be read: {error.strerror}.") from error


def _about(environment: str, held: Held, at: Moment) -> tuple[str, ...]:
    """What is to be said of the bundle."""
    said = f"By the bundle for {environment}, version {held.state.version}, of {moment(held.issued_at)}."
    if max(at, time.time()) < held.next_update:
        return (said,)
    return (said, f"It was to be renewed by {moment(held.next_update)}: a service decides nothing by it since then.")


if __name__ == "__main__":
    sys.exit(main())
