"""No page of people or accounts asks the database more than twelve times, but one that says what ends in each room."""

import pytest
from sqlalchemy import event

from portal.foundation.database import db
from tests.factories import a_licensee, tenant_of

MOST = 12
REMOVING = "/{account}/settings/members/{member}/remove"
MOST_OF = {REMOVING: 18}


@pytest.mark.parametrize(
    "page",
    [
        "/",
        "/accounts",
        "/profile",
        "/profile/password",
        "/profile/devices",
        "/{account}/settings",
        "/{account}/settings/request-code",
        "/{account}/settings/members",
        "/{account}/settings/members/invite",
        "/{account}/settings/members/{member}/role",
        REMOVING,
        "/{account}/settings/roles",
    ],
)
def test_a_page_takes_few_statements(signed_in, page):
    owner = a_licensee()
    window, seen = signed_in(owner), []
    address = page.format(account=tenant_of(owner).account_id, member=owner.membership_id)

    def note(_connection, _cursor, statement, *_rest):
        if not statement.startswith(("BEGIN", "PRAGMA")):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    answer = window.get(address)
    event.remove(db.engine, "before_cursor_execute", note)

    assert answer.status_code in {200, 302}
    assert len(seen) <= MOST_OF.get(page, MOST)
