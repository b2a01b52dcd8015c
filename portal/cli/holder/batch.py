"""`portal-key batch`: many pairs from a file of one-time codes, made here; the portal never sees a private half."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from portal.cli.holder import batching, codes
from portal.cli.holder.batching import Held, Pair
from portal.cli.holder.ends import FINE, PROBLEMS, UNREACHABLE, fail
from portal.cli.holder.files import Unusable
from portal.cli.holder.progress import Progress
from portal.cli.holder.ringing import Refused, require_same

MOST_JOBS = 32


@click.command("batch")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--portal", "portal_url", required=True, help="The portal's address, as the page shows it.")
@click.option(
    "--dir",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Save the private keys here; those that are there already are used, so that a batch can be repeated.",
)
@click.option("--jobs", default=4, show_default=True, type=click.IntRange(1, MOST_JOBS), help="Proofs at a time.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def batch(file: Path, portal_url: str, folder: Path, jobs: int, as_json: bool) -> None:
    """Make a key pair for each code in FILE, and put them into service.

    Each private key is written to a file of its own in DIR, mode 0600 and over nothing, before anything is proved.
    Interrupted, it goes on when it is run again. Ends with 0 when all pairs are in service, 1 when some are not, 3 when
    the portal could not be reached.
    """
    try:
        wanted = codes.read(file)
        require_same(portal_url, wanted.portal_url)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except Unusable as reason:
        fail(PROBLEMS, "unusable_file", str(reason), as_json)
    except Refused as reason:
        fail(PROBLEMS, reason.code, str(reason), as_json)
    except OSError as reason:
        fail(PROBLEMS, "unusable_file", f"{folder} cannot be written to: {reason.strerror}.", as_json)
    with Progress("Private keys", len(wanted.wishes)) as making:
        keys = batching.keys_for(wanted, folder, making)
    held = [each for each in keys if isinstance(each, Held)]
    with Progress("In service", len(held)) as proving:
        proved = batching.prove(portal_url, wanted, held, jobs, proving)
    pairs = [each for each in keys if isinstance(each, Pair)] + proved
    report = _report(wanted.environment, pairs, proving)
    click.echo(json.dumps(report, indent=2) if as_json else _in_words(report))
    sys.exit(_end(pairs))


def _report(environment: str, pairs: list[Pair], proving: Progress) -> dict[str, Any]:
    made = [{"name": pair.name, "api_key": pair.api_key, "file": str(pair.file)} for pair in pairs if pair.api_key]
    failed = [
        {"name": pair.name, "file": str(pair.file), "error": {"code": pair.code, "message": pair.message}}
        for pair in pairs
        if not pair.api_key
    ]
    seconds = round(proving.seconds, 3)
    rate = round(len(made) / max(proving.seconds, 1e-6), 1)
    return {"environment": environment, "made": made, "failed": failed, "seconds": seconds, "made_per_second": rate}


def _end(pairs: list[Pair]) -> int:
    if any(pair.code == "unreachable" for pair in pairs):
        return UNREACHABLE
    return FINE if all(pair.api_key for pair in pairs) else PROBLEMS


def _in_words(report: dict[str, Any]) -> str:
    made, failed = report["made"], report["failed"]
    summary = f"{len(made)} in service ({report['environment']}), {report['made_per_second']} a second."
    lines = [f"{each['api_key']}  {each['file']}  {each['name']}" for each in made]
    if failed:
        lines += ["", "Not in service:", *(f"{each['name']}: {each['error']['message']}" for each in failed)]
        summary += f" {len(failed)} not: run the command again to go on with what can be mended."
    return "\n".join([*lines, "", summary])
