"""The library: decides by the portal's last bundle, and refuses every call where it has none that it may believe."""

import json
import os
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from portal.gateway.bodies import LARGEST
from portal.gateway.uses import MOST_USES
from portal.verifier import bundle as bundles
from portal.verifier.answers import Answer
from portal.verifier.counting import Client
from portal.verifier.fetching import Failed
from portal.verifier.library import MOST_DELTAS, MOST_KEPT, Library
from tests.verifier.libraries import Clock, a_library
from tests.verifier.offline import (
    DELEGATED,
    LIVE,
    LIVE_SPACE,
    NOON,
    OWN,
    PRODUCTION,
    SANDBOX,
    Worker,
    a_call,
    revoked,
    serving,
    some_tables,
)

pytestmark = pytest.mark.no_database

UNAVAILABLE = {"not_ready", "cut_off", "clock_set_back"}


@pytest.fixture
def worker() -> Iterator[Worker]:
    with serving(Worker()) as worker:
        yield worker


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def library(worker: Worker, clock: Clock) -> Library:
    """One that has fetched once."""
    library = a_library(worker, clock)
    assert library.refresh(), library.problem
    return library


def decided(library: Library, clock: Clock, **call: Any) -> Answer:
    return library.decide(a_call(clock.at, **call))


def code_of(library: Library, clock: Clock, **call: Any) -> str | None:
    return decided(library, clock, **call).reason


def pass_by(worker: Worker, clock: Clock, seconds: float) -> None:
    clock.pass_by(seconds)
    worker.as_of += seconds


def test_before_the_first_bundle_nothing_passes(worker: Worker, clock: Clock):
    answer = decided(a_library(worker, clock), clock)

    assert (answer.allowed, answer.status, answer.reason) == (False, 503, "not_ready")


def test_a_good_call_passes_and_the_service_learns_whose_it_is(library: Library, clock: Clock):
    answer = decided(library, clock)

    assert answer == Answer(
        True, 204, None, None, None, "MAG000000001", "Aurora 光輝", "sandbox", "space-test", "MAG000000001", None, ()
    )


def test_a_delegated_call_names_holder_and_delegation(library: Library, clock: Clock):
    answer = decided(library, clock, api_key=DELEGATED)

    assert (answer.holder, answer.delegation) == ("MAG000000002", "dlg_1")


def test_use_on_the_other_side_is_flagged(library: Library, clock: Clock):
    assert decided(library, clock, space=LIVE_SPACE).flags == ("environment_mismatch",)


def test_a_refusal_has_a_sentence_and_who_mends_it(library: Library, clock: Clock):
    answer = decided(library, clock, service="payments")

    assert (answer.allowed, answer.status, answer.reason) == (False, 403, "service_not_entitled")
    assert answer.sentence is not None
    assert answer.mend is not None
    assert "entitled" in answer.sentence


def test_strangers_hear_nothing(library: Library, clock: Clock):
    answer = library.decide(a_call(clock.at)._replace(token="a.b.c"))

    assert (answer.status, answer.reason, answer.account, answer.mend) == (401, "not_proven", None, None)


def test_keys_of_the_other_environment_are_strangers(library: Library, clock: Clock):
    assert code_of(library, clock, api_key=LIVE) == "not_proven"


def test_a_library_for_production_knows_those_of_production(worker: Worker, clock: Clock):
    library = a_library(worker, clock, environment=PRODUCTION.value)
    library.refresh()

    assert code_of(library, clock, api_key=LIVE, space=LIVE_SPACE) is None


def test_a_revocation_arrives_with_the_next_refresh(worker: Worker, library: Library, clock: Clock):
    worker.change(revoked())
    before = code_of(library, clock)

    library.refresh()

    assert (before, code_of(library, clock)) == (None, "key_revoked")


def test_after_the_first_bundle_only_changes_are_fetched(worker: Worker, library: Library, clock: Clock):
    for api_key in (OWN, DELEGATED):
        worker.change(revoked(api_key))
        assert library.refresh()

    assert worker.asked_for == ["whole", "keys", "delta", "delta"]


def test_after_many_changes_everything_comes_anew(worker: Worker, library: Library, clock: Clock):
    assert library._kept is not None
    library._kept.deltas = [b""] * MOST_DELTAS
    pass_by(worker, clock, 61)

    library.refresh()

    assert worker.asked_for[-1] == "whole"
    assert library._kept.deltas == []


def test_many_octets_of_changes_are_not_kept_in_memory(worker: Worker, library: Library, clock: Clock):
    assert library._kept is not None
    library._kept.deltas = [b"." * MOST_KEPT]
    pass_by(worker, clock, 61)

    library.refresh()

    assert worker.asked_for[-1] == "whole"


def test_the_credential_goes_to_the_portal(worker: Worker, library: Library):
    assert worker.credentials[0] == "Bearer psc_x"
    assert worker.credentials[1] is None, "its keys are public"


@pytest.mark.parametrize("seconds", [300, 301, 86_400])
def test_when_the_next_update_was_due_nothing_passes(library: Library, clock: Clock, seconds: float):
    clock.pass_by(seconds)

    answer = decided(library, clock)

    assert (answer.status, answer.reason) == (503, "cut_off")
    assert not library.is_ready


def test_just_before_that_calls_pass(library: Library, clock: Clock):
    clock.pass_by(299)

    assert code_of(library, clock) is None


def test_while_the_portal_is_away_the_last_bundle_serves(worker: Worker, library: Library, clock: Clock):
    worker.is_away = True
    clock.pass_by(200)

    assert not library.refresh()
    assert code_of(library, clock) is None
    assert library.problem == "The portal answered with 502."


def test_when_the_portal_is_back_calls_pass_again(worker: Worker, library: Library, clock: Clock):
    worker.is_away = True
    pass_by(worker, clock, 1000)
    library.refresh()
    away = code_of(library, clock)

    worker.is_away = False
    library.refresh()

    assert (away, code_of(library, clock)) == ("cut_off", None)
    assert library.problem is None


def test_a_portal_that_nobody_can_reach_is_a_problem_and_no_error(clock: Clock):
    library = a_library(Worker(port=1), clock)

    assert not library.refresh()
    assert library.problem is not None
    assert "cannot be reached" in library.problem


@pytest.mark.parametrize("seconds", [61, 100, 86_400])
def test_a_clock_set_back_before_the_bundle_lets_nothing_pass(library: Library, clock: Clock, seconds: float):
    clock.at -= seconds

    assert code_of(library, clock) == "clock_set_back"


def test_a_clock_set_back_after_some_time_lets_nothing_pass(library: Library, clock: Clock):
    """It still shows a time at which the bundle was good; the time that has passed tells."""
    clock.pass_by(250)

    clock.at -= 200

    assert code_of(library, clock) == "clock_set_back"


def test_a_clock_that_stands_still_does_not_keep_a_bundle_alive(library: Library, clock: Clock):
    clock.ticks += 59
    still = code_of(library, clock)

    clock.pass_by(242)

    assert (still, code_of(library, clock)) == (None, "cut_off")


def test_a_slow_clock_keeps_no_bundle_alive(worker: Worker, clock: Clock):
    clock.at -= 50
    library = a_library(worker, clock)
    assert library.refresh(), library.problem
    before = code_of(library, clock)

    clock.pass_by(301)

    assert (before, code_of(library, clock)) == (None, "cut_off")


def test_a_bundle_that_would_be_good_for_years_is_not_believed(worker: Worker, library: Library, clock: Clock):
    said = worker.read(worker.issue())
    worker.instead = bundles.write(replace(said, next_update=NOON + 366 * 86_400), *worker.keys.signer(SANDBOX))

    assert not library.refresh()
    assert library.problem is not None
    assert "longer than the portal allows" in library.problem


def test_a_bundle_of_the_future_is_not_believed(worker: Worker, library: Library, clock: Clock):
    worker.as_of += 3600
    worker.change(revoked())

    assert not library.refresh()
    assert library.problem is not None
    assert "set back" in library.problem
    assert code_of(library, clock) is None


def test_a_bundle_that_is_too_old_already_is_not_believed(worker: Worker, clock: Clock):
    worker.as_of -= 301
    library = a_library(worker, clock)

    assert not library.refresh()
    assert code_of(library, clock) == "not_ready"


def test_an_older_bundle_is_not_believed(worker: Worker, library: Library, clock: Clock):
    old = worker.issue()
    worker.change(revoked())
    library.refresh()
    worker.instead = old

    assert not library.refresh()
    assert code_of(library, clock) == "key_revoked"


def test_after_the_portal_was_restored_it_is_believed_once_what_is_held_is_too_old(
    worker: Worker, library: Library, clock: Clock
):
    worker.change(revoked(DELEGATED))
    library.refresh()
    worker.tables = some_tables()
    worker.restart()
    pass_by(worker, clock, 60)
    while_good = library.refresh()

    pass_by(worker, clock, 300)

    assert not while_good
    assert library.refresh(), library.problem
    assert (library.version, code_of(library, clock)) == (1, None)


def test_an_older_bundle_is_not_believed_either_once_what_is_held_is_too_old(
    worker: Worker, library: Library, clock: Clock
):
    clock.at -= 59
    assert library._held is not None
    library._held.next_update = NOON - 59
    worker.as_of -= 1
    worker.change(revoked())
    worker.instead = worker.issue()

    assert not library.refresh()
    assert library.problem == "The bundle is older than what is known here already."


def test_a_bundle_for_production_is_not_believed_in_the_sandbox(worker: Worker, clock: Clock):
    worker.instead = worker.issue(PRODUCTION)
    library = a_library(worker, clock)

    assert not library.refresh()
    assert library.problem == "The bundle is for production, not for sandbox."


def test_another_portals_bundle_is_not_believed(worker: Worker, clock: Clock):
    library = a_library(worker, clock, named="https://portal.example.com")

    assert not library.refresh()
    assert library.problem is not None
    assert "not of https://portal.example.com" in library.problem


def test_a_portal_that_is_reached_at_another_address_is_called_by_its_own(worker: Worker, clock: Clock):
    worker.port, url = 1, worker.url
    octets = worker.issue()
    worker.instead = octets

    library = Library(url, "sandbox", "psc_x", named=worker.url, now=lambda: clock.at, ticks=lambda: clock.ticks)

    assert library.refresh(), library.problem


@pytest.mark.parametrize("part", range(0, 10))
def test_a_bundle_that_is_cut_off_is_not_believed(worker: Worker, library: Library, clock: Clock, part: int):
    worker.change(revoked())
    octets = worker.issue()
    worker.instead = octets[: len(octets) * part // 10]

    assert not library.refresh()
    assert (library.version, code_of(library, clock)) == (1, None)


def test_a_delta_that_does_not_fit_lets_everything_come_anew(worker: Worker, library: Library, clock: Clock):
    assert library._held is not None
    library._held.digest._total += 1
    worker.change(revoked())

    assert library.refresh(), library.problem
    assert worker.asked_for[-2:] == ["delta", "whole"]
    assert code_of(library, clock) == "key_revoked"


def test_a_worker_that_is_behind_is_asked_again_later(worker: Worker, library: Library, clock: Clock):
    assert library._held is not None
    library._held.state = library._held.state._replace(version=7)

    assert not library.refresh()
    assert library.problem == "The portal answered with 503."
    assert code_of(library, clock) is None


def test_rotating_the_portals_key_interrupts_nothing(worker: Worker, library: Library, clock: Clock):
    worker.keys.rotate()
    worker.change(revoked())

    assert library.refresh(), library.problem
    assert worker.asked_for == ["whole", "keys", "delta", "keys"]
    assert code_of(library, clock) == "key_revoked"


def test_a_key_that_the_portal_does_not_publish_is_asked_for_once_and_not_believed(
    worker: Worker, library: Library, clock: Clock
):
    other = Worker(port=worker.port)
    worker.instead = other.issue()

    assert not library.refresh()
    assert worker.asked_for == ["whole", "keys", "delta", "keys"]


def test_given_keys_are_the_only_ones_that_are_believed(worker: Worker, clock: Clock):
    library = a_library(worker, clock, jwks=worker.keys.jwks)
    before = library.refresh()

    worker.keys.rotate()

    assert before
    assert not library.refresh()
    assert "keys" not in worker.asked_for


def test_the_portals_keys_are_looked_at_now_and_then(worker: Worker, library: Library, clock: Clock):
    pass_by(worker, clock, 3601)

    library.refresh()

    assert worker.asked_for[-1] == "keys"


@pytest.mark.parametrize("url", ["http://portal.example.com", "ftp://portal", "portal.example.com", ""])
def test_the_credential_is_not_sent_without_tls(url: str):
    with pytest.raises(ValueError, match="https"):
        Library(url, "sandbox", "psc_x")


def test_a_credential_from_a_file_may_end_with_its_line(worker: Worker):
    library = Library(worker.url, "sandbox", "psc_x\n", now=lambda: NOON)

    assert library.refresh(), library.problem
    assert worker.credentials[0] == "Bearer psc_x"


@pytest.mark.parametrize("credential", ["", "\n", "psc_a\nX-Other: 1", "psc_a\x00", "psc_a psc_b", "psc_é"])
def test_what_can_be_no_credential_is_refused_without_being_shown(credential: str):
    with pytest.raises(ValueError, match="ASCII") as refused:
        Library("https://portal.example.com", "sandbox", credential)

    assert "psc" not in str(refused.value)


def test_in_plain_text_the_credential_goes_through_no_proxy(
    worker: Worker, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("http_proxy", "http://localhost:1")
    monkeypatch.delenv("no_proxy", raising=False)

    library = a_library(worker, clock)

    assert library.refresh(), library.problem


def test_many_threads_fetch_one_after_the_other(worker: Worker, clock: Clock):
    library, answers = a_library(worker, clock), []
    threads = [threading.Thread(target=lambda: answers.append(library.refresh())) for _number in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == [True] * 8
    assert worker.asked_for.count("whole") == 1


def test_a_call_is_decided_while_changes_arrive(worker: Worker, library: Library, clock: Clock):
    stop, codes = threading.Event(), set()
    call = a_call(clock.at)

    def ask() -> None:
        while not stop.is_set():
            codes.add(library.decide(call).reason)

    thread = threading.Thread(target=ask)
    thread.start()
    for number in range(50):
        worker.change(revoked() if number % 2 else _as_before())
        library.refresh()
    stop.set()
    thread.join()

    assert codes <= {None, "key_revoked"}


def _as_before() -> Any:
    delta = revoked()
    delta.keys = [delta.keys[0]._replace(state="active")]
    return delta


# The thread


def test_the_thread_fetches_by_itself_from_the_first_call_on(worker: Worker):
    library = _running(worker)
    try:
        first = library.decide(a_call(time.time())).reason
        assert _waits_for(lambda: library.is_ready)

        assert first in (None, "not_ready")
        assert library.decide(a_call(time.time(), service=None)).reason is None
    finally:
        library.stop()


def test_a_forked_worker_starts_its_own_thread_and_counts_for_itself(worker: Worker):
    library = _running(worker)
    library.start()
    try:
        assert _waits_for(lambda: library.is_ready)
        library.decide(a_call(time.time(), service=None))
        child = os.fork()
        if child == 0:
            code = 1
            try:
                counted = len(library.uses)
                alone = library._thread is None
                passed = library.decide(a_call(time.time(), service=None)).allowed
                code = 0 if alone and passed and counted == 0 and library._thread and library.refresh() else 2
            finally:
                os._exit(code)

        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert len(library.uses) == 1
    finally:
        library.stop()


def _running(worker: Worker) -> Library:
    worker.as_of = time.time()
    return Library(worker.url, "sandbox", "psc_x")


def _waits_for(met: Any) -> bool:
    for _look in range(500):
        if met():
            return True
        threading.Event().wait(0.01)
    return False


# The folder


def test_after_a_restart_the_kept_bundle_serves_without_the_portal(worker: Worker, clock: Clock, tmp_path: Path):
    first = a_library(worker, clock, folder=tmp_path)
    first.refresh()
    worker.change(revoked(DELEGATED))
    first.refresh()
    first.stop()
    worker.is_away = True

    second = a_library(worker, clock, folder=tmp_path)

    assert code_of(second, clock) is None
    assert code_of(second, clock, api_key=DELEGATED) == "key_revoked"


def test_it_goes_on_with_deltas(worker: Worker, clock: Clock, tmp_path: Path):
    a_library(worker, clock, folder=tmp_path).refresh()
    for number in range(3):
        worker.change(revoked(OWN if number % 2 else DELEGATED))
        assert a_library(worker, clock, folder=tmp_path).refresh()

    library = a_library(worker, clock, folder=tmp_path)

    assert worker.asked_for.count("whole") == 1
    assert library.version == 4


def test_a_kept_bundle_that_is_too_old_lets_nothing_pass_until_another_has_come(
    worker: Worker, clock: Clock, tmp_path: Path
):
    a_library(worker, clock, folder=tmp_path).refresh()
    pass_by(worker, clock, 3600)
    library = a_library(worker, clock, folder=tmp_path)
    before = code_of(library, clock)

    library.refresh()

    assert (before, code_of(library, clock)) == ("cut_off", None)


def test_a_kept_bundle_of_the_future_is_not_taken_up(worker: Worker, clock: Clock, tmp_path: Path):
    a_library(worker, clock, folder=tmp_path).refresh()

    clock.at -= 3600

    assert code_of(a_library(worker, clock, folder=tmp_path), clock) == "not_ready"


@pytest.mark.parametrize("name", ["bundle", "deltas", "keys"])
@pytest.mark.parametrize("part", range(4))
def test_a_damaged_file_is_refused_with_a_sentence_and_fetched_anew(
    worker: Worker, clock: Clock, tmp_path: Path, name: str, part: int
):
    first = a_library(worker, clock, folder=tmp_path)
    first.refresh()
    worker.change(revoked())
    first.refresh()
    first.stop()
    file = tmp_path / f"{name}-sandbox"
    octets = file.read_bytes()
    file.write_bytes(octets[: len(octets) * part // 4] + (b"" if part % 2 else b"\x00damage"))

    library = a_library(worker, clock, folder=tmp_path)

    assert library.problem is not None
    assert "damaged" in library.problem
    assert code_of(library, clock) == "not_ready"
    assert library.refresh()
    assert code_of(library, clock) == "key_revoked"


def test_of_two_processes_with_one_folder_each_leaves_something_good_behind(
    worker: Worker, clock: Clock, tmp_path: Path
):
    first = a_library(worker, clock, folder=tmp_path)
    first.refresh()
    worker.change(revoked())
    a_library(worker, clock, folder=tmp_path / "other").refresh()
    (tmp_path / "other" / "bundle-sandbox").replace(tmp_path / "bundle-sandbox")
    worker.change(revoked(DELEGATED))
    first.refresh()
    worker.is_away = True

    library = a_library(worker, clock, folder=tmp_path)

    assert (library.version, library.problem) == (2, None)
    assert code_of(library, clock) == "key_revoked"
    assert library._kept is not None
    assert library._kept.deltas == []


def test_nothing_half_written_is_left_behind(worker: Worker, clock: Clock, tmp_path: Path):
    library = a_library(worker, clock, folder=tmp_path)
    library.refresh()
    worker.change(revoked())
    library.refresh()

    names = {file.name for file in tmp_path.iterdir()}
    assert names == {"bundle-sandbox", "deltas-sandbox", "keys-sandbox", "lock-sandbox"}


def test_a_folder_that_cannot_be_written_does_not_stop_deciding(worker: Worker, clock: Clock, tmp_path: Path):
    library = a_library(worker, clock, folder=tmp_path / "kept")
    shutil.rmtree(tmp_path / "kept")

    assert library.refresh()
    assert code_of(library, clock) is None


def test_the_files_of_one_environment_are_not_taken_for_the_other(worker: Worker, clock: Clock, tmp_path: Path):
    a_library(worker, clock, folder=tmp_path).refresh()
    (tmp_path / "bundle-sandbox").rename(tmp_path / "bundle-production")
    (tmp_path / "keys-sandbox").rename(tmp_path / "keys-production")

    library = a_library(worker, clock, folder=tmp_path, environment="production")

    assert library.problem is not None
    assert "for sandbox, not for production" in library.problem


def test_of_several_processes_one_writes_and_all_read(worker: Worker, clock: Clock, tmp_path: Path):
    first, second = (a_library(worker, clock, folder=tmp_path) for _number in range(2))
    for library in (first, second, first, second):
        worker.change(revoked() if library is first else _as_before())
        assert library.refresh(), library.problem
    worker.is_away = True

    third = a_library(worker, clock, folder=tmp_path)

    assert third.problem is None
    assert third.version == first.version == 4


def test_when_it_has_ended_another_one_writes(worker: Worker, clock: Clock, tmp_path: Path):
    first, second = (a_library(worker, clock, folder=tmp_path) for _number in range(2))
    first.refresh()
    second.refresh()
    first.stop()
    worker.change(revoked())
    assert second.refresh(), second.problem
    second.stop()
    worker.is_away = True

    assert code_of(a_library(worker, clock, folder=tmp_path), clock) == "key_revoked"


def test_a_forked_child_does_not_take_the_parents_right_to_write(worker: Worker, clock: Clock, tmp_path: Path):
    library = a_library(worker, clock, folder=tmp_path)
    library.refresh()
    child = os.fork()
    if child == 0:
        try:
            code = 0 if library._folder is not None and not library._folder.is_ours() else 1
        finally:
            os._exit(code)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert library._folder is not None
    assert library._folder.is_ours()


# Uses


def test_calls_that_pass_are_counted_and_reported_once(worker: Worker, library: Library, clock: Clock):
    client = Client("198.51.100.77", "Magento Services Connector (Magento: Community 2.4.8)")
    for _call in range(3):
        library.decide(a_call(clock.at), client)
    library.decide(a_call(clock.at, service="payments"), client)

    library.report()
    library.report()

    (report,) = worker.reports
    assert report["uses"] == [
        {
            "api_key": OWN,
            "data_space": "space-test",
            "user_agent": client.user_agent,
            "network": "198.51.100.0/24",
            "first_at": NOON,
            "last_at": NOON,
            "calls": 3,
        }
    ]


def test_a_report_that_did_not_arrive_is_repeated_under_its_id(worker: Worker, library: Library, clock: Clock):
    library.decide(a_call(clock.at))
    worker.is_away = True
    library.report()
    library.decide(a_call(clock.at))

    worker.is_away = False
    library.report()

    first, again, other = worker.reports
    assert first == again
    assert other["report"] != first["report"]
    assert len(library.uses) == 0


def test_however_callers_call_themselves_each_report_is_one_that_the_portal_takes(
    worker: Worker, library: Library, clock: Clock
):
    for number in range(600):
        words = "\x01é" * 125 if number % 2 else ""
        library.decide(a_call(clock.at), Client(f"10.{number // 250}.{number % 250}.1", words))

    library.report()

    assert sum(len(report["uses"]) for report in worker.reports) == 600
    assert len(worker.reports) > 2
    assert max(len(json.dumps(report)) for report in worker.reports) <= LARGEST
    assert max(len(report["uses"]) for report in worker.reports) <= MOST_USES


def test_a_report_that_the_portal_will_never_take_is_given_up_and_said_to_be_lost(
    library: Library, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    def refuse(_report: Any) -> None:
        raise Failed("The portal answered with 400.", 400)

    library.decide(a_call(clock.at))
    monkeypatch.setattr(library.portal, "report", refuse)

    library.report()

    assert (len(library.uses), library.uses.lost) == (0, 1)


def test_what_is_counted_is_bounded(library: Library, clock: Clock):
    library.uses._most = 10

    for number in range(20):
        library.decide(a_call(clock.at), Client(f"10.0.{number}.1"))

    assert (len(library.uses), library.uses.lost) == (10, 10)


def test_no_address_leaves_the_service(worker: Worker, library: Library, clock: Clock):
    for address in ("203.0.113.9", "2001:db8:1:2::3", "fe80::1%eth0", "no address", ""):
        library.decide(a_call(clock.at), Client(address))

    library.report()

    networks = {use["network"] for use in worker.reports[0]["uses"]}
    assert networks == {"203.0.113.0/24", "2001:db8:1::/48", "fe80::/48", ""}
    assert "203.0.113.9" not in json.dumps(worker.reports)
