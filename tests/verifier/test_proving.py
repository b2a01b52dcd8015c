"""Whether a call proves its key: the same whether the signature was seen before or not."""

import secrets
import threading

import pytest

from portal.verifier import records
from portal.verifier.decision import STRANGER, Call, decide
from portal.verifier.proving import Prover
from portal.verifier.reasons import Reason
from portal.verifier.records import Key
from portal.verifier.seen import LONGEST_KEPT
from portal.verifier.tables import Delta
from tests.connector.shop import CLAIMS, HEADER, a_token, as_part, signed
from tests.factories import a_private_key
from tests.verifier.world import DELEGATED, FOREIGN, NOON, OWN, World, private_of, token_of

pytestmark = pytest.mark.no_database


@pytest.fixture
def prover() -> Prover:
    return Prover()


def key(api_key: str = OWN) -> Key:
    return World().tables.keys[api_key]


def a_long_token(claim: str) -> str:
    return signed(private_of(OWN), as_part(HEADER), as_part(CLAIMS | {"exp": NOON, "note": claim}))


class Counting(Prover):
    """Counts the signatures that are worked out."""

    worked_out = 0

    def _worked_out(self, token: str, key: Key):
        self.worked_out += 1
        return super()._worked_out(token, key)


def test_a_signature_that_fits_proves_the_key(prover: Prover):
    assert prover(token_of(OWN), key(), NOON) is None


def test_a_signature_that_fitted_is_not_worked_out_again():
    prover = Counting()

    for _call in range(100):
        assert prover(token_of(OWN), key(), NOON) is None

    assert prover.worked_out == 1


def test_a_signature_that_does_not_fit_is_not_kept(prover: Prover):
    assert prover(token_of(FOREIGN), key(), NOON) is Reason.NOT_PROVEN
    assert len(prover) == 0


@pytest.mark.parametrize("is_seen", [False, True])
@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (NOON, None),
        (NOON - 61, Reason.TOKEN_TOO_FAR_AHEAD),
        (NOON - 60, None),
        (NOON + 359, None),
        (NOON + 360, Reason.TOKEN_EXPIRED),
        (NOON + 86400, Reason.TOKEN_EXPIRED),
    ],
)
def test_the_time_of_a_token_is_looked_at_on_every_call(now, reason, is_seen: bool, prover: Prover):
    if is_seen:
        prover(token_of(OWN), key(), NOON)

    assert prover(token_of(OWN), key(), now) is reason


def test_a_token_that_was_seen_too_early_is_good_in_time(prover: Prover):
    assert prover(token_of(OWN), key(), NOON - 3600) is Reason.TOKEN_TOO_FAR_AHEAD
    assert prover(token_of(OWN), key(), NOON) is None


def test_a_key_that_is_revoked_is_refused_with_the_token_that_was_seen(prover: Prover):
    tables, call = World().tables, Call(OWN, token_of(OWN), "search")
    assert decide(tables, call, NOON, prover).is_allowed

    tables.apply(Delta(keys=[World().own._replace(state=records.REVOKED)]), 2)

    assert decide(tables, call, NOON, prover).reason is Reason.KEY_REVOKED


def test_a_key_that_is_gone_is_a_strangers_with_the_token_that_was_seen(prover: Prover):
    tables, call = World().tables, Call(OWN, token_of(OWN), "search")
    assert decide(tables, call, NOON, prover).is_allowed

    tables.apply(Delta(gone_keys=[OWN]), 2)

    assert decide(tables, call, NOON, prover) == STRANGER


def test_a_token_of_one_key_never_proves_another(prover: Prover):
    keys = World().tables.keys

    heard = {
        (of, asked): prover(token_of(of), keys[asked], NOON)
        for _twice in range(2)
        for of in (OWN, DELEGATED, FOREIGN)
        for asked in (OWN, DELEGATED, FOREIGN)
    }

    assert all((reason is None) == (of == asked) for (of, asked), reason in heard.items())


def test_a_token_that_was_seen_proves_no_other_public_half_under_the_same_id(prover: Prover):
    prover(token_of(OWN), key(), NOON)
    other = World().but(own={"spki": World().foreign.spki}).tables.keys[OWN]

    assert prover(token_of(OWN), other, NOON) is Reason.NOT_PROVEN


def test_a_public_half_that_is_none_proves_nothing(prover: Prover):
    assert prover(token_of(OWN), World().but(own={"spki": b"none"}).tables.keys[OWN], NOON) is Reason.NOT_PROVEN


# Bounds


def test_a_million_random_keys_and_tokens_leave_nothing(prover: Prover):
    tables = World().tables
    known = [OWN, DELEGATED, FOREIGN]
    texts = [secrets.token_urlsafe(24) for _number in range(1000)]

    for number in range(1_000_000):
        api_key = known[number % 3] if number % 2 else secrets.token_hex(16)
        token = f"{texts[number % 997]}.{texts[number % 991]}.{texts[number % 983]}{number}"
        assert decide(tables, Call(api_key, token), NOON, prover) is STRANGER

    assert len(prover) == 0


def test_tokens_that_fit_are_kept_up_to_the_bound():
    prover = Prover(most_tokens=50)

    for ends_at in range(500):
        token = signed(private_of(OWN), as_part(HEADER), as_part({"exp": NOON + ends_at % 300, "n": ends_at}))
        assert prover(token, key(), NOON) is None

    assert 50 <= len(prover) <= 100


def test_a_long_token_proves_its_key_and_is_not_kept(prover: Prover):
    assert prover(a_long_token("x" * LONGEST_KEPT), key(), NOON) is None
    assert len(prover) == 0


def test_the_stock_token_of_the_longest_key_is_kept():
    assert len(a_token(a_private_key(4096, 4096), NOON)) < LONGEST_KEPT


def test_two_threads_hear_the_same_as_one():
    prover, keys = Prover(most_tokens=2), World().tables.keys
    wrong: list[object] = []

    def call(first: int) -> None:
        for number in range(first, first + 3000):
            of, asked = [OWN, DELEGATED, FOREIGN][number % 3], [OWN, FOREIGN][number % 2]
            reason = prover(token_of(of), keys[asked], NOON)
            if (reason is None) != (of == asked):
                wrong.append((of, asked, reason))

    threads = [threading.Thread(target=call, args=(first,)) for first in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
