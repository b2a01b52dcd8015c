"""竹風茶行, a licensee of Magento Open Source, whose shop is run by Harbour Street Studio."""

from portal.access.roles import Environment, Right
from portal.delegations import answering, offering, running, widening
from portal.delegations.terms import Terms
from portal.demo.cast import BAMBOO, CHEN, HARBOUR, LIN, PRIYA, ZHOU
from portal.demo.stage import Stage
from portal.demo.telling import days_ago
from portal.projects import installations, operations
from portal.projects import store as projects
from portal.tenants import operations as tenants

SANDBOX, PRODUCTION = Environment.SANDBOX, Environment.PRODUCTION
BOTH = frozenset({SANDBOX, PRODUCTION})
ASKED = frozenset({Right.KEYS, Right.PROJECTS})


@days_ago(239)
def the_project_is_created(stage: Stage) -> None:
    chen = stage.member(CHEN)
    operations.create(chen, "竹風茶行官網", stage.contract(chen))


@days_ago(235)
def both_pairs_are_made(stage: Stage) -> None:
    lin = stage.member(LIN)
    stage.make_pair(lin, SANDBOX, "測試用金鑰")
    stage.make_pair(lin, PRODUCTION, "官網金鑰")


@days_ago(230)
def the_shop_opens(stage: Stage) -> None:
    chen = stage.member(CHEN)
    space = stage.space(chen, "Production")
    installations.attach(chen, space, "竹風線上茶舖", "https://shop.bamboo.example/", PRODUCTION)


@days_ago(180)
def harbour_asks_to_help(stage: Stage) -> None:
    code = tenants.make_request_code(stage.member(LIN))
    offering.request(
        stage.member(PRIYA),
        code,
        environments=BOTH,
        rights=ASKED,
        all_projects=False,
        ends_at=stage.day(-185),
        message="We look after your shop and need keys of our own for it.",
    )


@days_ago(178)
def lin_approves_for_the_one_project(stage: Stage) -> None:
    lin = stage.member(LIN)
    reached = frozenset(project.id for project in projects.page(lin, place=None).rows)
    answering.approve(lin, stage.delegation(BAMBOO, stage.account(HARBOUR)), reached)


@days_ago(175)
def harbour_makes_its_pairs(stage: Stage) -> None:
    priya = stage.visitor(PRIYA, BAMBOO)
    stage.make_pair(priya, SANDBOX, "Bamboo, test")
    stage.make_pair(priya, PRODUCTION, "Bamboo, live")


@days_ago(120)
def harbour_renames_the_data_space(stage: Stage) -> None:
    zhou = stage.visitor(ZHOU, BAMBOO)
    space = stage.space(zhou, "Production")
    operations.rename_data_space(zhou, space, "正式店", space.version)


@days_ago(60)
def lin_takes_the_projects_back(stage: Stage) -> None:
    delegation = stage.delegation(BAMBOO, stage.account(HARBOUR))
    now = Terms.of(delegation)
    running.narrow(
        stage.member(LIN),
        delegation,
        environments=now.environments,
        rights=now.rights - {Right.PROJECTS},
        project_ids=now.project_ids,
        ends_at=now.ends_at,
        version=delegation.version,
    )


@days_ago(30)
def the_shop_calls_with_harbours_pair(stage: Stage) -> None:
    """The licensee's own production pair is used by nobody, which its page shows."""
    priya = stage.visitor(PRIYA, BAMBOO)
    shop = stage.space(priya, "正式店")
    stage.shop_calls(stage.own_pair(priya, PRODUCTION, "Bamboo, live"), shop, last=0, often=6, edition="Community")


@days_ago(5)
def harbour_rotates_the_pair_that_the_shop_uses(stage: Stage) -> None:
    stage.rotate_pair(stage.visitor(PRIYA, BAMBOO), PRODUCTION, "Bamboo, live")


@days_ago(2)
def lin_proposes_more(stage: Stage) -> None:
    delegation = stage.delegation(BAMBOO, stage.account(HARBOUR))
    now = Terms.of(delegation)
    widening.propose_widening(
        stage.member(LIN),
        delegation,
        environments=now.environments,
        rights=now.rights | {Right.INSTALLATIONS},
        project_ids=now.project_ids,
        ends_at=now.ends_at,
        message="請直接更新分店的網址。",
    )
