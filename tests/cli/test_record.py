"""`flask audit verify`: tells whether the record is whole, and where it is not."""

from portal.audit import operations as audit
from tests.cli.conftest import Run
from tests.factories import a_licensee, tenant_of


def test_a_whole_record_is_said_to_be_whole(run: Run):
    a_licensee()

    result = run("audit", "verify")

    assert result.exit_code == 0
    assert "whole" in result.output


def test_a_break_is_named_with_its_place(run: Run, monkeypatch):
    owner = a_licensee()
    chain = tenant_of(owner).id

    monkeypatch.setattr(audit, "verify", lambda: iter([audit.Break(chain, 2, "the event was changed")]))
    result = run("audit", "verify")

    assert result.exit_code == 1
    assert f"Chain {chain} is broken at number 2: the event was changed." in result.output
