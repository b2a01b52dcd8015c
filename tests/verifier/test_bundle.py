"""Bundles as they are sent: believed as the portal signed them, and not otherwise."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from portal.verifier import bundle as bundles
from portal.verifier.bundle import Bundle, Refused
from portal.verifier.rows import KINDS, as_json, name_of, row_of
from tests.verifier.offline import (
    DELEGATED,
    LIVE,
    NOON,
    OWN,
    PRODUCTION,
    SANDBOX,
    SPACE,
    Delta,
    Worker,
    revoked,
    rows_of,
)

pytestmark = pytest.mark.no_database


@pytest.fixture
def worker() -> Worker:
    return Worker()


def encoded(value: Any) -> bytes:
    octets = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(octets).rstrip(b"=")


def decoded(part: bytes) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + b"=="))


def code_of(worker: Worker, octets: bytes) -> str:
    with pytest.raises(Refused) as refused:
        worker.read(octets)
    return refused.value.code


def signed_again(worker: Worker, change: Callable[[dict[str, Any]], Any], *, header: bool = False) -> bytes:
    """The bundle with something changed, signed with the portal's own key."""
    parts = worker.issue().split(b".")
    place = 0 if header else 1
    said = decoded(parts[place])
    change(said)
    parts[place] = encoded(said)
    signed = b".".join(parts[:2])
    return signed + b"." + encoded(worker.keys.private.sign(signed))


def test_a_bundle_says_what_was_put_in(worker: Worker):
    bundle = worker.read(worker.issue())

    wanted = rows_of(worker.tables, SANDBOX)
    assert {kind: {name_of(row): row for row in getattr(bundle.rows, kind)} for kind in KINDS} == wanted
    assert (bundle.portal, bundle.environment, bundle.previous) == (worker.url, "sandbox", None)
    assert (bundle.issued_at, bundle.next_update) == (NOON, NOON + 300)
    assert bundle.rows.services == worker.tables.services


def test_it_lists_the_keys_of_its_environment_only_and_the_spaces_of_both(worker: Worker):
    sandbox, production = worker.read(worker.issue(SANDBOX)), worker.read(worker.issue(PRODUCTION))

    assert {key.api_key for key in sandbox.rows.keys} == {OWN, DELEGATED}
    assert {key.api_key for key in production.rows.keys} == {LIVE}
    assert sandbox.rows.spaces == production.rows.spaces


def test_it_lists_nobody_whom_its_keys_do_not_need(worker: Worker):
    production = worker.read(worker.issue(PRODUCTION))

    assert [tenant.account_id for tenant in production.rows.tenants] == ["MAG000000001"]
    assert production.rows.delegations == []


def test_a_revoked_key_stays_listed_with_its_state(worker: Worker):
    worker.change(revoked())

    states = {key.api_key: key.state for key in worker.read(worker.issue()).rows.keys}

    assert states == {OWN: "revoked", DELEGATED: "active"}


def test_it_is_one_spelling_of_json_in_the_compact_form(worker: Worker):
    header, payload, _signature = worker.issue().split(b".")

    said = base64.urlsafe_b64decode(payload + b"==")
    assert decoded(header) == {"alg": "EdDSA", "kid": bundles.key_id_of(worker.issue()), "typ": "portal-bundle+jws"}
    assert json.dumps(decoded(payload), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == said


@pytest.mark.parametrize("member", sorted(bundles.MEMBERS))
def test_a_member_that_was_altered_on_the_way_is_noticed(worker: Worker, member: str):
    header, payload, signature = worker.issue().split(b".")
    said = decoded(payload)
    said[member] = _altered(said[member])

    assert code_of(worker, b".".join([header, encoded(said), signature])) == "wrong_signature"


@pytest.mark.parametrize("member", sorted(bundles.MEMBERS))
def test_a_member_that_was_left_out_on_the_way_is_noticed(worker: Worker, member: str):
    header, payload, signature = worker.issue().split(b".")
    said = {name: value for name, value in decoded(payload).items() if name != member}

    assert code_of(worker, b".".join([header, encoded(said), signature])) == "wrong_signature"


@pytest.mark.parametrize("member", sorted(bundles.MEMBERS))
def test_a_member_that_is_missing_under_the_signature_is_another_format(worker: Worker, member: str):
    assert code_of(worker, signed_again(worker, lambda said: said.pop(member))) == "wrong_format"


@pytest.mark.parametrize("member", sorted(bundles.MEMBERS - {"portal", "environment", "digest", "previous"}))
def test_a_member_of_another_kind_under_the_signature_is_another_format(worker: Worker, member: str):
    octets = signed_again(worker, lambda said: said.update({member: {"another": "kind"}}))

    assert code_of(worker, octets) == "wrong_format"


def test_a_member_that_is_not_known_is_another_format(worker: Worker):
    assert code_of(worker, signed_again(worker, lambda said: said.update(more=1))) == "wrong_format"


@pytest.mark.parametrize(
    ("member", "value"),
    [("alg", "none"), ("alg", "HS256"), ("typ", "JWT"), ("kid", 5), ("kid", "sig_another"), ("crit", ["b64"])],
)
def test_another_header_is_refused_even_when_it_is_signed(worker: Worker, member: str, value: Any):
    octets = signed_again(worker, lambda said: said.update({member: value}), header=True)

    assert code_of(worker, octets) in {"unreadable", "unknown_key"}


@pytest.mark.parametrize("place", range(0, 86, 5))
def test_a_signature_that_was_altered_is_refused(worker: Worker, place: int):
    signed, _dot, signature = worker.issue().rpartition(b".")
    other = b"A" if signature[place : place + 1] != b"A" else b"B"
    altered = signature[:place] + other + signature[place + 1 :]

    assert code_of(worker, signed + b"." + altered) in {"wrong_signature", "unreadable"}


def test_a_second_spelling_of_the_signature_is_refused(worker: Worker):
    octets = worker.issue()

    assert code_of(worker, octets + b"==") == "unreadable"


@pytest.mark.parametrize("part", range(40))
def test_a_bundle_that_is_cut_off_is_refused(worker: Worker, part: int):
    octets = worker.issue()

    assert code_of(worker, octets[: len(octets) * part // 40]) in {"unreadable", "wrong_signature"}


@pytest.mark.parametrize("missing", range(1, 90))
def test_not_the_last_octets_may_be_missing(worker: Worker, missing: int):
    assert code_of(worker, worker.issue()[:-missing]) in {"unreadable", "wrong_signature"}


@pytest.mark.parametrize("octets", [b"", b".", b"..", b"...", b"\x00" * 100, b"<html>.</html>.x", b"e30.e30.e30"])
def test_what_is_no_bundle_is_refused(worker: Worker, octets: bytes):
    assert code_of(worker, octets) in {"unreadable", "wrong_signature"}


def test_a_key_that_was_retired_and_is_published_still_fits(worker: Worker):
    octets = worker.issue()

    worker.keys.rotate()

    assert worker.read(octets).environment == "sandbox"


def test_a_key_that_is_not_published_any_more_fits_nothing(worker: Worker):
    octets = worker.issue()

    worker.keys.rotate(forget=True)

    assert code_of(worker, octets) == "unknown_key"


def test_another_key_under_the_same_id_does_not_fit(worker: Worker):
    octets, other = worker.issue(), Worker()
    key_id = bundles.key_id_of(octets)

    with pytest.raises(Refused) as refused:
        bundles.read(octets, {key_id: other.keys.private.public_key().public_bytes_raw()}.get)

    assert refused.value.code == "wrong_signature"


@pytest.mark.parametrize("kind", KINDS)
def test_rows_come_back_from_json_as_they_were(worker: Worker, kind: str):
    for row in rows_of(worker.tables, SANDBOX)[kind].values():
        assert row_of(kind, json.loads(json.dumps(as_json(row)))) == row


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_with_a_member_of_another_kind_is_none(worker: Worker, kind: str):
    row = as_json(next(iter(rows_of(worker.tables, SANDBOX)[kind].values())))

    for place in range(len(row)):
        with pytest.raises(ValueError, match=r".*"):
            row_of(kind, [*row[:place], {}, *row[place + 1 :]])
    with pytest.raises(ValueError, match="no row"):
        row_of(kind, row[:-1])


def test_a_delta_names_what_it_builds_on_and_where_it_leads_to(worker: Worker):
    before: Bundle = worker.read(worker.issue())
    worker.change(Delta(gone_spaces=[SPACE], keys=revoked().keys))

    delta = worker.read(worker.issue(since=before.state))

    assert delta.previous == before.state
    assert [key.api_key for key in delta.rows.keys] == [OWN]
    assert (delta.gone["spaces"], delta.rows.gone_spaces) == ([SPACE], [SPACE])
    assert delta.rows.tenants == delta.rows.contracts == []


def _altered(value: Any) -> Any:
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, int | float):
        return value + 1
    return [*value, []] if isinstance(value, list) else {"version": 1, "digest": "0" * 64}
