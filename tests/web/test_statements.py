"""No page asks the database more often because there is more to show, and none asks more than twelve times."""

from datetime import timedelta

import pytest

from portal.access.roles import Environment, Scope
from portal.contracts import store as contracts
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.projects import installations
from portal.projects import operations as projects
from portal.projects import store as project_store
from portal.reviews.models import Decision
from portal.tokens import operations as tokens
from portal.usage import traces
from tests.factories import (
    a_call,
    a_contract,
    a_delegation,
    a_key,
    a_licensee,
    a_successor,
    a_vendor,
    an_integrator,
    for_client,
    tenant_of,
)
from tests.reviews.scenes import an_open, decide
from tests.statements import counted

MOST = 14

PAGES_OF_OWNER = (
    "",
    "/keys",
    "/keys?environment=production",
    "/projects",
    "/contracts",
    "/integrators",
    "/clients",
    "/activity",
    "/settings",
    "/settings/members",
    "/tokens",
    "/webhooks",
)
PAGES_OF_REVIEWS = (
    "",
    "/{review}",
    "/{review}?decision=undecided",
    "/{review}?said=not_needed",
    "/{review}/close",
    "/new",
)
PAGES_OF_CONSOLE = (
    "/console/overview",
    "/console/tenants",
    "/console/tenants?q=MAG",
    "/console/search?q=o",
    "/console/search?q=o&kind=project",
    "/console/contracts",
    "/console/entitlements",
    "/console/access",
    "/console/delegations",
    "/console/installations",
    "/console/credentials",
    "/console/gateway",
)


OF_A_ROTATION = ("", "/rotation", "/rotation/end", "/rotation/close", "/rotation/roll-back")


def grow(owner, names: tuple[str, ...]) -> None:
    """Give the owner one more of everything that its pages list, for each name; a project for the first."""
    for _name in names:
        integrator = an_integrator()
        a_key(for_client(integrator, a_delegation(owner, integrator)), environment=Environment.PRODUCTION)
        a_delegation(a_licensee(), owner)
        for environment in Environment:
            a_call(a_key(owner, environment=environment))
    traces.flush()
    a_project(owner, names[0])


def a_token(owner) -> None:
    with transaction():
        tokens.issue(owner, name="Job", scopes=frozenset({Scope.READ}), ends_at=clock.now() + timedelta(days=30))


def a_project(owner, name: str) -> None:
    with transaction():
        project = projects.create(owner, name, contracts.running(owner, clock.now())[-1])
    space = project_store.get(owner, project.public_id).data_spaces[0]
    with transaction():
        installations.attach(owner, space, name=name, address="https://shop.example", side=Environment.SANDBOX)


@pytest.fixture
def owner():
    """A licensee that is an integrator too, so that each page has something to list."""
    owner = a_licensee()
    a_contract(tenant_of(owner), "integrator")
    a_contract(tenant_of(owner), "adobe-commerce")
    return owner


def ask(visitor, address: str) -> int:
    with counted() as statements:
        answer = visitor.get(address)
    assert answer.status_code == 200, address
    return len([statement for statement in statements if not statement.startswith("PRAGMA")])


@pytest.mark.parametrize("path", PAGES_OF_OWNER)
def test_a_page_of_a_tenant_asks_as_often_with_four_of_each_as_with_one(path, owner, signed_in):
    visitor, address = signed_in(owner), f"/{tenant_of(owner).account_id}{path}"
    grow(owner, ("One",))
    with_one = ask(visitor, address)
    grow(owner, ("Two", "Three", "Four"))

    with_more = ask(visitor, address)

    assert with_more == with_one <= MOST


@pytest.mark.parametrize("path", [*OF_A_ROTATION, "/rotate"])
def test_a_page_of_a_rotation_asks_as_often_with_more_shops(path, owner, signed_in):
    old = a_key(owner)
    successor = a_successor(owner, old)
    pair = successor if path == "/rotate" else old
    visitor, address = signed_in(owner), f"/{tenant_of(owner).account_id}/keys/{pair.api_key}{path}"
    grow(owner, ("One",))
    with_one = ask(visitor, address)
    a_project(owner, "Two")

    with_more = ask(visitor, address)

    assert with_more == with_one <= MOST


@pytest.mark.parametrize("path", PAGES_OF_CONSOLE)
def test_a_page_of_the_console_asks_as_often_with_more_tenants(path, owner, signed_in):
    admin = a_vendor()
    visitor, address = signed_in(admin), f"/{tenant_of(admin).account_id}{path}"
    grow(owner, ("One",))
    with_one = ask(visitor, address)
    grow(owner, ("Two", "Three", "Four"))

    with_more = ask(visitor, address)

    assert with_more == with_one <= MOST


def test_the_page_of_one_tenant_in_the_console_asks_as_often_with_more_of_everything(owner, signed_in):
    admin = a_vendor()
    address = f"/{tenant_of(admin).account_id}/console/tenants/{tenant_of(owner).account_id}"
    visitor = signed_in(admin)
    grow(owner, ("One",))
    with_one = ask(visitor, address)
    grow(owner, ("Two", "Three", "Four"))

    with_more = ask(visitor, address)

    assert with_more == with_one <= MOST


@pytest.mark.parametrize("path", PAGES_OF_REVIEWS)
def test_a_page_of_a_review_asks_as_often_with_more_lines_and_reviews(path, owner, signed_in):
    admin = a_vendor()
    visitor = signed_in(admin)
    answers = []
    for names in (("One",), ("Two", "Three", "Four")):
        grow(owner, names)
        review = an_open(admin, name=names[0])
        if path.endswith("/close"):
            decide(admin, review, Decision.KEEP)
        address = f"/{tenant_of(admin).account_id}/reviews{path.format(review=review.public_id)}"
        answers.append(ask(visitor, address))

    assert answers[0] == answers[1] <= MOST


def test_the_questions_of_a_tenant_are_asked_for_as_often_with_more(owner, signed_in):
    admin = a_vendor()
    visitor, address = signed_in(owner), f"/{tenant_of(owner).account_id}/reviews/questions"
    grow(owner, ("One",))
    an_open(admin, name="One")
    with_one = ask(visitor, address)
    grow(owner, ("Two", "Three", "Four"))
    an_open(admin, name="Two")

    with_more = ask(visitor, address)

    assert with_more == with_one <= MOST
