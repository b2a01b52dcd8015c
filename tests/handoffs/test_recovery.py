"""The recovery copy: its passphrase brings the envelope key back, and nothing else does."""

import json

import pytest

from portal.handoffs import recovery
from portal.handoffs.envelope import raw_public
from portal.handoffs.faults import NotARecoveryCopy, PassphraseTooShort, PassphraseWrong
from portal.handoffs.recovery import unwrap, wrap
from tests.handoffs.sealing import RECEIVER, SOMEBODY_ELSE

pytestmark = pytest.mark.no_database
PASSPHRASE = "fifteen or more"


@pytest.fixture(scope="module")
def copy() -> str:
    return wrap(RECEIVER, PASSPHRASE)


def changed(copy: str, **members) -> str:
    return json.dumps(json.loads(copy) | members)


def test_the_passphrase_brings_the_key_back(copy):
    assert unwrap(copy, PASSPHRASE).private_bytes_raw() == RECEIVER.private_bytes_raw()


def test_the_copy_says_first_what_it_is_and_has_a_member_on_each_line(copy):
    lines = copy.splitlines()

    assert lines[1].startswith('  "what": "Recovery copy of an envelope key of the partner portal.')
    assert len(lines) == len(json.loads(copy)) + 2


def test_the_key_cannot_be_read_in_the_copy(copy):
    private = RECEIVER.private_bytes_raw()

    assert private.hex() not in copy
    assert not any(private in value for value in recovery._read(copy))


def test_two_copies_of_one_key_have_nothing_but_the_key_in_common(copy):
    one, other = recovery._read(copy), recovery._read(wrap(RECEIVER, PASSPHRASE))

    assert [ours == theirs for ours, theirs in zip(one, other, strict=True)] == [True, False, False, False]


def test_another_passphrase_does_not_open_it(copy):
    with pytest.raises(PassphraseWrong):
        unwrap(copy, PASSPHRASE + " ")


def test_a_passphrase_may_be_typed_on_another_keyboard():
    copy = wrap(RECEIVER, "fünfzehn Zeichen Å")

    assert raw_public(unwrap(copy, "fu\u0308nfzehn Zeichen A\u030a")) == raw_public(RECEIVER)


@pytest.mark.parametrize("passphrase", ["", "fourteen chars", "e\u0301" * 14])
def test_a_short_passphrase_is_refused(passphrase):
    with pytest.raises(PassphraseTooShort):
        wrap(RECEIVER, passphrase)


@pytest.mark.parametrize("name", ["salt", "nonce", "wrapped"])
def test_an_altered_copy_does_not_open(copy, name):
    members = json.loads(copy)
    first = members[name][0]

    with pytest.raises(PassphraseWrong):
        unwrap(changed(copy, **{name: ("B" if first == "A" else "A") + members[name][1:]}), PASSPHRASE)


def test_a_copy_with_the_public_key_of_another_does_not_open(copy):
    other = json.loads(wrap(SOMEBODY_ELSE, PASSPHRASE))["public_key"]

    with pytest.raises(PassphraseWrong):
        unwrap(changed(copy, public_key=other), PASSPHRASE)


@pytest.mark.parametrize(
    "member",
    [
        {"v": 2},
        {"iterations": 1},
        {"iterations": 10**12},
        {"kdf": "none"},
        {"cipher": "none"},
        {"wrapped": ""},
        {"wrapped": 7},
        {"salt": "not base64!"},
        {"public_key": "AAAA"},
    ],
)
def test_a_copy_with_other_figures_is_refused_before_anything_is_computed(copy, member):
    with pytest.raises(NotARecoveryCopy):
        unwrap(changed(copy, **member), PASSPHRASE)


@pytest.mark.parametrize("text", ["", "hello", "[]", "null", "{}", "[" * 4000, " " * 5000 + "{}"])
def test_what_is_no_copy_is_refused(text):
    with pytest.raises(NotARecoveryCopy):
        unwrap(text, PASSPHRASE)


def test_a_copy_cut_off_is_refused(copy):
    with pytest.raises(NotARecoveryCopy):
        unwrap(copy[:-20], PASSPHRASE)
