"""What the tests of these pages share: addresses, filled forms, and what stands on a page."""

import re
from datetime import timedelta

from bs4 import BeautifulSoup

from portal.delegations import store
from portal.foundation import clock
from tests.factories import tenant_of

CHANGING = re.compile(
    r'csrf_token" value="[^"]+"|dlg_[0-9a-z]{20}|MAG[0-9]{9}|datetime="[^"]+"|>[^<]*\d{2}:\d{2} UTC<|nonce="[^"]+"'
)


def account_of(actor):
    return tenant_of(actor).account_id


def day(days):
    """The day so many days from now, as a browser sends it."""
    return (clock.now() + timedelta(days=days)).date().isoformat()


def filled(**changed):
    """A form of terms as a person fills it in; None leaves a field out."""
    usual = {"environments": ["sandbox"], "rights": ["keys"], "reach": "all", "last_day": day(90), "message": ""}
    return {name: value for name, value in (usual | changed).items() if value is not None}


def given(owner, row):
    return store.get_given(owner, row.public_id)


def only(owner):
    """The owner's one delegation."""
    (row,) = store.page(store.given_by(owner), past=False, place=None).rows
    return row


def errors_on(answer):
    """The sentences at the fields of a form, by the field's label."""
    soup = BeautifulSoup(answer.text, "html.parser")
    return {
        field.find(class_="field-label").get_text(" ", strip=True): error.find("p").get_text(strip=True)
        for field in soup.select(".field-wrong")
        for error in field.select(".field-error")
    }


def text_of(answer):
    return " ".join(BeautifulSoup(answer.text, "html.parser").get_text(" ").split())


def still(answer):
    """The page but for what differs on each load: tokens, public ids, account ids, moments."""
    return CHANGING.sub("…", answer.text)
