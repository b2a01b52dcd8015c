"""How a refusal is described: what `door.problem` answers."""

from pydantic import Field

from portal.api.shapes import Shown


class Misplaced(Shown):
    """A part of the call that is not as described: `at` is a JSON pointer or a name."""

    at: str
    what: str


class Differing(Shown):
    """How the thing differs from what the caller has seen."""

    what: str
    yours: str
    now: str


class Problem(Shown):
    """A refusal (RFC 9457). `code` never changes; `detail` says why, `mend` who can mend it; "" when nobody can."""

    type: str
    title: str
    status: int
    detail: str
    mend: str
    code: str
    request_id: str | None
    problems: list[Misplaced] = Field(default=[], description="With `not_as_described`.")
    versions: list[Differing] = Field(default=[], description="With 412: what was changed meanwhile.")
