"""What an act would stop, in words."""

from typing import Any

import click


def tell(told: dict[str, Any], err: bool = False) -> None:
    """Say what a blast radius names: shops that use it now, those that may, data spaces, integrators, last use."""
    for label, names in lines(told):
        click.echo(f"{label}: {', '.join(names)}", err=err)
    click.echo(f"Last used: {told.get('last_used_at') or 'never seen'}", err=err)


def lines(told: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """The parts that name anything, each with its label."""
    parts = [
        ("Key pairs", [one["name"] for one in told.get("key_pairs", [])]),
        ("Shops that use it now", [one["name"] for one in told.get("used_now", [])]),
        ("Shops that may use it", [one["name"] for one in told.get("possible", [])]),
        ("Data spaces, which stay", [one["name"] for one in told.get("data_spaces", [])]),
        ("Integrators", list(told.get("integrators", []))),
    ]
    return [(label, names) for label, names in parts if names]
