"""Puts the world of the access table into the database of the settings: `python -m tests.scanners.furnishing`, once.

Prints, as JSON, each caller with the cookies of its browser, its token, and what it asks for.
"""

import json
import sys
from dataclasses import asdict
from typing import Any

from flask import Flask

from portal.accounts import passkeys, passwords
from portal.app import create_app
from portal.contracts import catalogue
from portal.foundation.database import transaction
from tests.access import world
from tests.access.browsing import browser_of
from tests.access.world import Caller
from tests.scanners.targets import callers, targets_for


def main() -> None:
    """Furnish, and print what came of it."""
    app = create_app()
    passwords.use_cheap_profile()
    passkeys.configure("http://localhost")  # where the world's authenticators are
    with app.app_context():
        with transaction():
            catalogue.load()
        built = world.build()
    json.dump([_shown(app, built.callers[name]) for name in callers()], sys.stdout)


def _shown(app: Flask, caller: Caller) -> dict[str, Any]:
    browser = browser_of(app, caller)
    targets = [asdict(target) for target in targets_for(app, caller, browser.csrf_token)]
    cookies = {cookie.key: cookie.value for cookie in browser._cookies.values()}
    proofs = {"cookies": cookies, "bearer": caller.bearer, "csrf_token": browser.csrf_token}
    return {"name": caller.name, "targets": targets} | proofs


if __name__ == "__main__":
    main()
