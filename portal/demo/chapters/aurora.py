"""Aurora Outfitters, a licensee of Adobe Commerce.

The README's tour begins here, so it is left without a live key pair, with a project to spare, and without a running
delegation to Harbour Street Studio.
"""

from portal.access.roles import Environment, Right, Role
from portal.accounts import invitations
from portal.delegations import answering, offering, running
from portal.demo.cast import AURORA, HARBOUR, INES, MAYA, PRIYA, TOM
from portal.demo.stage import Stage
from portal.demo.telling import days_ago
from portal.entitlements import asking
from portal.entitlements.models import Wish
from portal.keys import operations as keys
from portal.projects import installations, operations

SANDBOX = Environment.SANDBOX


@days_ago(400)
def a_project_is_created(stage: Stage) -> None:
    ines = stage.member(INES)
    operations.create(ines, "Aurora Europe", stage.contract(ines))


@days_ago(399)
def a_shop_is_put_on_it(stage: Stage) -> None:
    ines = stage.member(INES)
    space = stage.space(ines, "Testing 1")
    operations.rename_data_space(ines, space, "Staging", space.version)
    installations.attach(ines, space, "Aurora staging shop", "https://staging.aurora.example/", SANDBOX)


@days_ago(360)
def a_pair_is_made_for_a_trial(stage: Stage) -> None:
    stage.make_pair(stage.member(TOM), SANDBOX, "Trial")


@days_ago(350)
def harbour_is_offered_a_trial(stage: Stage) -> None:
    offering.offer(
        stage.member(MAYA),
        stage.account(HARBOUR).account_id,
        environments=frozenset({SANDBOX}),
        rights=frozenset({Right.KEYS, Right.INSTALLATIONS}),
        project_ids=None,
        ends_at=stage.day(200),
        message="A trial on the staging shop, until the end of the season.",
    )


@days_ago(349)
def harbour_accepts(stage: Stage) -> None:
    answering.accept(stage.member(PRIYA), stage.delegation(AURORA, stage.account(HARBOUR)))


@days_ago(340)
def harbour_makes_its_pair(stage: Stage) -> None:
    stage.make_pair(stage.visitor(PRIYA, AURORA), SANDBOX, "Aurora trial")


@days_ago(210)
def the_trial_ends(stage: Stage) -> None:
    running.end(stage.member(MAYA), stage.delegation(AURORA, stage.account(HARBOUR)))


@days_ago(209)
def the_pair_of_the_trial_is_revoked(stage: Stage) -> None:
    tom = stage.member(TOM)
    keys.revoke(tom, stage.own_pair(tom, SANDBOX, "Trial"))


@days_ago(6)
def more_projects_are_asked_for(stage: Stage) -> None:
    ines = stage.member(INES)
    reason = "Three more countries open before the winter season, each with a catalogue of its own."
    asking.request_more(ines, stage.contract(ines), Wish.PROJECT, 3, reason)


@days_ago(1)
def a_colleague_is_invited(stage: Stage) -> None:
    invitations.invite(stage.member(MAYA), "noor.haddad@aurora.example", Role.DEVELOPER)
