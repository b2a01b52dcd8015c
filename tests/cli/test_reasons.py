"""The page of reasons is what the command prints: it cannot say anything else than the tables."""

from pathlib import Path

from flask import Flask

from portal.gateway.answers import REFUSALS
from portal.verifier.reasons import REASONS

PAGE = Path(__file__).parents[2] / "docs" / "reasons.md"


def test_docs_reasons_holds_what_the_command_prints(app: Flask):
    printed = app.test_cli_runner().invoke(args=["portal", "reasons"])

    assert printed.exit_code == 0
    assert PAGE.read_text() == printed.output, "run `flask portal reasons > docs/reasons.md`"


def test_every_reason_is_on_the_page():
    lines = PAGE.read_text().splitlines()

    assert [
        code for code in (*REASONS, *REFUSALS) if not any(line.startswith(f"| `{code}` | ") for line in lines)
    ] == []
