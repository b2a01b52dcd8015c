"""Many at the same moment: counted with the row locked, so one place is taken once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from portal.access.roles import Environment
from portal.contracts import store as contracts
from portal.entitlements import asking
from portal.entitlements import store as requests
from portal.entitlements.models import Wish
from portal.foundation.database import db, transaction
from portal.foundation.errors import PortalError
from portal.projects import granting, installations, operations, store
from tests.factories import a_licensee, a_member, a_vendor, tenant_of

TOGETHER = 8


def at_once(app, act):
    """What `act(number)` answers or is refused with, for several numbers at once, each as a request of its own."""

    def run(number):
        with app.app_context():
            try:
                with transaction():
                    return act(number).public_id
            except PortalError as refusal:
                return refusal.code

    with ThreadPoolExecutor(TOGETHER) as pool:
        answers = Counter(pool.map(run, range(TOGETHER)))
    db.session.rollback()  # the test sees what they left
    return answers


def test_projects_created_at_once_never_exceed_the_allotment(app):
    owner = a_licensee("adobe-commerce")

    answers = at_once(app, lambda number: operations.create(owner, f"Shop {number}", contracts.all_of(owner)[0]))

    assert answers["allotment_used_up"] == TOGETHER - 3
    assert len(store.page(owner, place=None).rows) == 3


def test_one_wish_sent_at_once_creates_one_project(app):
    owner = a_licensee("magento-open-source")

    answers = at_once(app, lambda _number: operations.create(owner, "Storefront", contracts.all_of(owner)[0]))

    assert list(answers.values()) == [TOGETHER]
    assert len(store.page(owner, place=None).rows) == 1


def test_one_name_wished_by_many_at_once_is_given_once(app):
    owner = a_licensee()
    people = [a_member(tenant_of(owner)) for _number in range(TOGETHER)]

    answers = at_once(app, lambda number: operations.create(people[number], "Storefront", contracts.all_of(owner)[0]))

    assert answers["project_name_taken"] == TOGETHER - 1


def test_installations_attached_at_once_leave_one(app):
    owner = a_licensee()
    with transaction():
        project = operations.create(owner, "Storefront", contracts.all_of(owner)[0])
    space = store.get(owner, project.public_id).data_spaces[1].public_id

    answers = at_once(
        app,
        lambda number: installations.attach(
            owner, store.get_data_space(owner, space), f"Shop {number}", "shop.example.com", Environment.SANDBOX
        ),
    )

    assert answers["data_space_occupied"] == TOGETHER - 1


def test_a_request_approved_by_many_at_once_is_granted_once(app):
    owner = a_licensee()
    admins = [a_vendor() for _number in range(TOGETHER)]
    with transaction():
        project = operations.create(owner, "Storefront", contracts.all_of(owner)[0])
        wish = asking.request_more(owner, contracts.all_of(owner)[0], Wish.TESTING_SPACE, 1, "A fair.", project.id)
        project_id, request_id = project.public_id, wish.public_id

    def approve(number):
        return granting.approve(admins[number], requests.get_request(owner, request_id), 1)

    answers = at_once(app, approve)

    assert answers["request_approved_meanwhile"] == TOGETHER - 1
    assert len(store.get(owner, project_id).data_spaces) == 4
