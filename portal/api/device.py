"""Signing a command line in (RFC 8628): it asks with these two calls, its person answers on the portal's pages."""

from flask import Response, jsonify, request

from portal.access.roles import Scope
from portal.accounts import attempts
from portal.api.door import answered, api, base_url
from portal.api.guards import signed, texts
from portal.foundation.database import transaction
from portal.tokens import devices
from portal.tokens.errors import DeviceCodeUnknown, ScopeUnknown
from portal.tokens.models import FETCHED_WITHIN


@api.post("/device")
@signed
def begin_device() -> Response:
    """Both codes, and where the person types the one. Each call counts as a guess from its network.

    machine: what the person is shown of it, such as `ada@laptop`. scopes: those wished for, with spaces between them.
    """
    given = texts("machine", may=("scopes",))
    scopes = _scopes(given["scopes"])
    attempts.count_failure(request.remote_addr or "")
    with transaction():
        begun = devices.begin(given["machine"], scopes)
    page = f"{base_url()}/device"
    answer = answered(
        device_code=begun.device_code,
        user_code=begun.user_code,
        verification_uri=page,
        verification_uri_complete=f"{page}?user_code={begun.user_code}",
    )
    return _with(answer, interval=devices.INTERVAL_SECONDS, expires_in=int(FETCHED_WITHIN.total_seconds()))


@api.post("/device/token")
@signed
def fetch_token() -> Response:
    """The token, once; until then a problem whose code is that of RFC 8628. Unknown codes count as guesses."""
    code = texts("device_code")["device_code"]
    told: dict[str, str] = {}
    with transaction():
        fetched = devices.fetch(code)
        if fetched.issued is not None:
            token = fetched.issued.token
            told = {
                "token": fetched.issued.secret,
                "id": token.public_id,
                "name": token.name,
                "scopes": " ".join(sorted(token.scopes)),
                "account": token.membership.tenant.account_id,
                "expires_at": token.expires_at.isoformat(timespec="seconds"),
            }
    if fetched.refusal is not None:
        if isinstance(fetched.refusal, DeviceCodeUnknown):
            attempts.count_failure(request.remote_addr or "")
        raise fetched.refusal
    return answered(**told)


def _scopes(text: str) -> frozenset[Scope]:
    wanted = set(text.split())
    known = {scope.value for scope in Scope}
    if unknown := sorted(wanted - known):
        raise ScopeUnknown(scopes=", ".join(unknown)[:200])
    return frozenset(Scope(one) for one in wanted) | {Scope.READ}


def _with(answer: Response, **numbers: int) -> Response:
    """The same answer with these numbers among its members."""
    answer.set_data(jsonify(answer.get_json() | numbers).get_data())
    return answer
