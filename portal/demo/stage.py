"""Acts the demo's story: through the portal's own operations, each at its own moment in the past."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta

from portal.access.actor import Actor, system_actor
from portal.access.roles import Environment
from portal.accounts import members, people
from portal.accounts import store as accounts
from portal.accounts.models import Membership
from portal.accounts.passwords import ChosenPassword
from portal.contracts import store as contracts
from portal.contracts.models import Contract
from portal.delegations import store as delegations
from portal.delegations.models import Delegation
from portal.demo.cast import Company, Someone
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.keys import eligibility, making, material, rotation
from portal.keys import store as keys
from portal.keys.models import KeyIntent, KeyOrigin, KeyPair
from portal.keys.rotation import Plan
from portal.projects import store as projects
from portal.projects.models import DataSpace
from portal.tenants.models import Tenant
from portal.usage import traces
from portal.usage.traces import Trace
from portal.web import actors

OFFICE_HOURS = time(9, 30)


class Stage:
    """Where the story is acted: knows today, the passwords, and who has which account."""

    def __init__(self, passwords: dict[str, ChosenPassword]) -> None:
        """`passwords`: by e-mail address, hashed already."""
        self.passwords = passwords
        self.today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        self.tenants: dict[str, Tenant] = {}
        self.now = clock.now()
        self.heard: list[Trace] = []

    def day(self, days_ago: int) -> datetime:
        """The beginning, in UTC, of the day so many days ago; in the future when it is negative."""
        return self.today - timedelta(days=days_ago)

    @contextmanager
    def days_ago(self, days: int) -> Iterator[None]:
        """Inside, it is a morning so many days ago; what is done is committed together."""
        moment = datetime.combine(self.day(days), OFFICE_HOURS, tzinfo=UTC)
        with clock.travelled_to(min(moment, clock.now())), transaction():
            yield

    def account(self, company: Company) -> Tenant:
        """The company's tenant."""
        return self.tenants[company.name]

    def settle_in(self, company: Company, tenant: Tenant) -> None:
        """Make the company's people members of its new tenant."""
        self.tenants[company.name] = tenant
        portal = system_actor("demo", tenant.id)
        for someone in company.people:
            chosen = self.passwords[someone.email]
            person = people.create(portal, someone.email, someone.name, chosen, language=someone.language)
            members.add(portal, person, someone.role)

    def membership(self, someone: Someone) -> Membership:
        """Their one membership."""
        person = accounts.person_by_email(someone.email)
        assert person is not None, someone.email  # noqa: S101 - the story has made everybody before
        return accounts.memberships_of(person.id)[0]

    def member(self, someone: Someone) -> Actor:
        """Somebody at home."""
        return actors.as_member(self.membership(someone))

    def visitor(self, someone: Someone, client: Company) -> Actor:
        """Somebody of an integrator in its client's account."""
        membership = self.membership(someone)
        return actors.as_integrator(membership, self.delegation(client, membership.tenant))

    def delegation(self, client: Company, integrator: Tenant) -> Delegation:
        """The open delegation of `client` to that integrator."""
        found = delegations.find_open(self.account(client).id, integrator.account_id)
        assert found is not None, client.name  # noqa: S101 - as above
        return found

    def space(self, actor: Actor, name: str) -> DataSpace:
        """The data space with this name in the actor's first project."""
        (project, *_others) = projects.page(actor, place=None).rows
        return next(space for space in project.data_spaces if space.name == name)

    def contract(self, actor: Actor) -> Contract:
        """The latest running contract of the actor's tenant."""
        return contracts.running(actor, clock.now())[-1]

    def own_pair(self, actor: Actor, side: Environment, name: str) -> KeyPair:
        """The actor's key pair with this name."""
        return next(pair for pair in keys.listed(actor, side, place=None).rows if pair.name == name)

    def shop_calls(
        self, pair: KeyPair, space: DataSpace, last: int, *, often: int = 1, edition: str = "Enterprise"
    ) -> None:
        """A shop called with `pair` in the mornings of the last thirty days, until `last` days ago.

        often: so many calls on a usual day. The traces are written by `hear_shops`, once the story is told.
        """
        agent = f"Magento Services Connector (Magento: {edition} 2.4.8-p1)"
        for days in range(29, last - 1, -1):
            at = min(datetime.combine(self.day(days), OFFICE_HOURS, tzinfo=UTC), self.now)
            self.heard += [
                Trace(pair.tenant_id, pair.id, pair.environment, space.public_id, agent, "203.0.113.20", None, at)
            ] * (often + days % 3)

    def hear_shops(self) -> None:
        """Count all those calls, and discover the shops that made them. Opens transactions of its own."""
        for trace in self.heard:
            traces.gather(trace)
        traces.flush()

    def make_pair(self, actor: Actor, side: Environment, name: str) -> KeyPair:
        """A key pair in service. Its private half is thrown away here: nobody can use the demo's own pairs."""
        contract = eligibility.usable_contracts(actor)[0]
        intent = making.begin(actor, environment=side, contract=contract, name=name, origin=KeyOrigin.SERVER)
        return _in_service(actor, intent)

    def rotate_pair(self, actor: Actor, side: Environment, name: str) -> KeyPair:
        """The successor of the actor's key pair with this name, which is retiring from then on."""
        old = self.own_pair(actor, side, name)
        return _in_service(actor, rotation.begin(actor, old, Plan(), origin=KeyOrigin.SERVER))


def _in_service(actor: Actor, intent: KeyIntent) -> KeyPair:
    public, _private_pem = material.generate()
    making.issue(actor, intent, public)
    return making.confirm(actor, intent)
