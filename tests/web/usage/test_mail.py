"""The mails about collisions and testing shops, drawn in both languages."""

import pytest

from portal.accounts import store as accounts
from portal.accounts.models import Language
from portal.foundation.database import transaction
from portal.outbox import operations as outbox
from portal.web.mail import render


@pytest.fixture
def mail_of(owner, seen):
    """The last mail, after a second shop was seen on Testing 1 and a testing shop on Production."""

    def of(template: str, language: Language):
        with transaction():
            accounts.get_person(owner.person_id).language = language
        for space, edition in ((1, "Community"), (1, "Enterprise"), (0, "Community")):
            seen(space=space, edition=edition)
        (message,) = [one for one in outbox.read_all(50) if one.template == template]
        return render(message)

    return of


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("installation_collided", ["Testing 1", "Shop (Enterprise)", "Shop (Community)"]),
        ("installation_alarmed", ["Production", "Shop (Community)"]),
    ],
)
def test_a_mail_names_shop_and_data_space_and_leads_there(template, names, language, mail_of, account, project):
    mail = mail_of(template, language)

    assert names[0] in mail["Subject"]
    text = mail.get_content()
    assert all(name in text for name in names)
    assert f"http://localhost/{account}/projects/{project}" in text
