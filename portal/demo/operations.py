"""Making the demo world, once."""

from pathlib import Path

from portal.accounts import passwords
from portal.demo import sign_ins
from portal.demo.cast import everybody
from portal.demo.chapters import aurora, bamboo, beginnings, nordlicht
from portal.demo.errors import DemoIncomplete
from portal.demo.stage import Stage
from portal.demo.telling import act
from portal.tenants import store as tenants

# Importing a chapter adds its steps to the story.
CHAPTERS = (beginnings, aurora, bamboo, nordlicht)


def ensure(folder: Path) -> str:
    """The list of the demo's sign-ins; the world is made when there is none. Opens transactions of its own.

    The list is kept in `folder`, written last: where it is, the world is whole. Raises: DemoIncomplete.
    """
    exists = tenants.find_vendor() is not None
    kept = sign_ins.read(folder)
    if exists and kept is not None:
        return kept
    if exists:
        raise DemoIncomplete()
    return _make(folder)


def _make(folder: Path) -> str:
    chosen = {someone.email: sign_ins.new_password() for _company, someone in everybody()}
    hashed = {
        someone.email: passwords.choose(chosen[someone.email], email=someone.email, name=someone.name)
        for _company, someone in everybody()
    }
    stage = Stage(hashed)
    act(stage)
    stage.hear_shops()
    text = sign_ins.listing(chosen, {name: tenant.account_id for name, tenant in stage.tenants.items()})
    sign_ins.keep(folder, text)
    return text
