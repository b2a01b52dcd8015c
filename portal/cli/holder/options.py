"""What the words on the command line mean, where several commands have them."""

from pathlib import Path

import click

A_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
A_PLACE = click.Path(dir_okay=False, path_type=Path)

portal_option = click.option(
    "--portal", "portal_url", required=True, help="The portal's address, as the page with the code shows it."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
out_option = click.option(
    "--out",
    type=A_PLACE,
    help="Save the private key here; one that is there already is used, so that an attempt can be repeated.",
)
