"""The page of states is what the command prints: it cannot say anything else than the tables."""

from pathlib import Path

from flask import Flask

from portal.cli.states import MACHINES

PAGE = Path(__file__).parents[2] / "docs" / "states.md"


def test_docs_states_holds_what_the_command_prints(app: Flask):
    printed = app.test_cli_runner().invoke(args=["portal", "states"])

    assert printed.exit_code == 0
    assert PAGE.read_text() == printed.output, "run `flask portal states > docs/states.md`"


def test_every_machine_has_its_table():
    page = PAGE.read_text()

    assert all(f"## {machine.name}\n" in page for machine in MACHINES)
