"""A machine whose clock goes two hours wrong: it makes, passes and rotates pairs as others do, and is told why calls
fail.
"""

from pathlib import Path

import pytest

from portal.access.actor import Actor
from portal.handoffs.models import HandOffState, Purpose
from portal.keys.models import KeyOrigin
from tests.api.passing import a_code_for
from tests.cli.conftest import ROOT
from tests.cli.passing import Desk, hand_offs, write_keys
from tests.cli.test_holder import portal_key, report
from tests.factories import a_code, a_key, a_licensee, a_member, a_private_key, a_successor_intent, pem_of, tenant_of
from tests.handoffs.scenes import a_scene

HOURS = 2
# Python runs it before anything else; from there on this process has another time.
ANOTHER_TIME = """
import datetime, time
real, Real = time.time, datetime.datetime
class Wrong(Real):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(time.time(), tz)
time.time = lambda: real() + {seconds}
datetime.datetime = Wrong
"""
each_way = pytest.mark.parametrize(("hours", "side"), [(-HOURS, "behind"), (HOURS, "ahead of")])


@pytest.fixture
def hours() -> int:
    return -HOURS


@pytest.fixture(autouse=True)
def wrong_clock(hours: int, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on the commands run on a machine whose clock is so many hours ahead."""
    (here / "clock").mkdir()
    (here / "clock" / "sitecustomize.py").write_text(ANOTHER_TIME.format(seconds=hours * 3600))
    monkeypatch.setenv("PYTHONPATH", f"{here / 'clock'}:{ROOT}")


@pytest.fixture
def owner() -> Actor:
    return a_licensee()


@pytest.mark.parametrize("hours", [-HOURS, HOURS])
def test_a_private_key_is_passed_whatever_the_clock_says(hours: int, url: str, here: Path):
    scene = a_scene()
    write_keys(scene, here)
    desk = Desk(scene, url)
    colleague = a_code_for(a_member(tenant_of(scene.integrator)), Purpose.ENROL)

    enrolled = portal_key("enroll", "--portal", url, colleague, "--out", "colleague.pem")
    sealed = desk.seal(desk.code_to_seal(), "--yes")
    opened = desk.open(desk.code_to_open(hand_offs()[0]))

    assert [one.stderr for one in (enrolled, sealed, opened)] == [""] * 3
    assert "It can be used at once." in enrolled.stdout
    assert f"until {hand_offs()[0].lapses_at:%Y-%m-%d %H:%M} UTC" in sealed.stdout
    assert hand_offs()[0].state is HandOffState.DONE


@pytest.mark.parametrize("hours", [-HOURS, HOURS])
def test_a_pair_is_rotated_whatever_the_clock_says(hours: int, url: str, owner: Actor, here: Path):
    private = a_private_key(722)
    (here / "old.pem").write_text(pem_of(private))
    old = a_key(owner, private=private)
    code = a_code(owner, a_successor_intent(owner, old, origin=KeyOrigin.COMMAND))

    ended = portal_key("rotate", "--portal", url, "--key", "old.pem", code)

    assert (ended.returncode, ended.stderr) == (0, "")


@each_way
def test_a_check_tells_why_calls_fail(hours: int, side: str, url: str, owner: Actor, here: Path):
    private = a_private_key(723)
    (here / "key.pem").write_text(pem_of(private))
    pair = a_key(owner, private=private)

    ended = portal_key("check", "key.pem", "--api-key", pair.api_key, "--portal", url)

    assert ended.returncode == 1
    assert "The portal: JWT is invalid" in ended.stdout
    assert f"This machine's clock is 2 hours {side} the portal's." in ended.stdout


@each_way
def test_a_token_tells_so_beside_itself(hours: int, side: str, url: str, here: Path):
    (here / "key.pem").write_text(pem_of(a_private_key(723)))

    ended = portal_key("token", "key.pem", "--portal", url)

    assert (ended.returncode, ended.stdout.count(".")) == (0, 2)
    assert f"This machine's clock is 2 hours {side} the portal's." in ended.stderr


@pytest.mark.parametrize("hours", [0])
def test_a_clock_that_goes_right_is_not_mentioned(hours: int, url: str, owner: Actor, here: Path):
    private = a_private_key(723)
    (here / "key.pem").write_text(pem_of(private))
    pair = a_key(owner, private=private)

    checked = portal_key("check", "key.pem", "--api-key", pair.api_key, "--portal", url, "--json")
    token = portal_key("token", "key.pem", "--portal", url)

    assert report(checked)["clock"] == ""
    assert (token.returncode, token.stderr) == (0, "")
