"""`portal-key check`: the problems that a private key file would cause in a shop, and what the portal says."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from portal.cli.holder import clocks, files
from portal.cli.holder.cures import CURES, REFUSALS
from portal.cli.holder.ends import FINE, PROBLEMS, UNREACHABLE
from portal.cli.holder.ringing import Unreachable, ping
from portal.cli.holder.signing import token_of
from portal.cli.holder.unlocking import passphrase_option
from portal.verifier.paste import Finding, read_api_key


@click.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--api-key", default="", help="The API key that stands in the shop beside this private key.")
@click.option("--portal", "portal_url", default="", help="Ask the portal at this address, as the shop does.")
@click.option("--write", type=click.Path(dir_okay=False, path_type=Path), help="Save the mended key here, mode 0600.")
@passphrase_option
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def check(file: Path, api_key: str, portal_url: str, write: Path | None, as_json: bool) -> None:
    """Say which problems FILE would cause in a shop, and whether the portal accepts the pair.

    Ends with 0 when all is well, 1 when something has to be mended, 3 when the portal could not be asked.
    """
    (private, text), public = files.read(file), read_api_key(api_key)
    report: dict[str, Any] = {"findings": [*private.findings, *public.findings]}
    if private.spki_sha256:
        report["public_key_sha256"] = private.spki_sha256.hex()
    if write and private.repaired:
        files.save(write, private.repaired)
        report["mended"] = str(write)
    code = PROBLEMS if report["findings"] else FINE
    if portal_url and api_key and private.spki_sha256 and Finding.API_KEY_FORM not in public.findings:
        try:
            answer = ping(portal_url, public.repaired or api_key, token_of(files.loaded(private, text)))
            report["portal"] = {"accepted": answer.accepted, "message": answer.message}
            code = code if answer.accepted else PROBLEMS
            report["clock"] = clocks.what_is_wrong(portal_url)
        except Unreachable as reason:
            report["portal"] = {"accepted": None, "message": str(reason)}
            code = UNREACHABLE
    click.echo(json.dumps(report, indent=2) if as_json else _in_words(report))
    sys.exit(code)


def _in_words(report: dict[str, Any]) -> str:
    lines = [CURES[finding] for finding in report["findings"]] or ["A shop can read this private key."]
    if "mended" in report:
        lines.append(f"The mended key is in {report['mended']}.")
    if answer := report.get("portal"):
        lines.append("The portal accepts the pair." if answer["accepted"] else f"The portal: {answer['message']}")
        lines += [REFUSALS[answer["message"]]] if answer["message"] in REFUSALS else []
    lines += [report["clock"]] if report.get("clock") else []
    return "\n".join(lines)
