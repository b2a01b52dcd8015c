"""Nordlicht Digital, a solution-integrator partner that uses the services for itself: its signer makes the keys."""

from portal.access.roles import Environment
from portal.contracts import deputies
from portal.demo.cast import JONAS, KARIM, LEA
from portal.demo.stage import Stage
from portal.demo.telling import days_ago
from portal.keys import operations as keys
from portal.projects import installations, operations

SANDBOX, PRODUCTION = Environment.SANDBOX, Environment.PRODUCTION


@days_ago(325)
def the_signer_makes_the_first_pair(stage: Stage) -> None:
    stage.make_pair(stage.member(JONAS), SANDBOX, "Showcase 1")


@days_ago(320)
def a_project_is_created(stage: Stage) -> None:
    karim = stage.member(KARIM)
    operations.create(karim, "Nordlicht Showcase", stage.contract(karim))


@days_ago(90)
def the_signer_names_a_deputy(stage: Stage) -> None:
    jonas = stage.member(JONAS)
    contract = stage.contract(jonas)
    deputies.name_deputy(jonas, contract, stage.membership(LEA), stage.day(90), stage.day(-640))


@days_ago(80)
def the_deputy_makes_new_pairs(stage: Stage) -> None:
    lea = stage.member(LEA)
    stage.make_pair(lea, SANDBOX, "Showcase 2")
    stage.make_pair(lea, PRODUCTION, "Showcase")


@days_ago(75)
def a_shop_is_put_on_it(stage: Stage) -> None:
    lea = stage.member(LEA)
    space = stage.space(lea, "Production")
    installations.attach(lea, space, "Nordlicht showroom", "https://showroom.nordlicht.example/", PRODUCTION)


@days_ago(30)
def two_shops_call_on_one_data_space(stage: Stage) -> None:
    """The showroom, and a copy of it whose settings came along: they collide. Nobody uses “Showcase 2”."""
    lea = stage.member(LEA)
    pair, space = stage.own_pair(lea, PRODUCTION, "Showcase"), stage.space(lea, "Production")
    stage.shop_calls(pair, space, last=0, often=4, edition="Enterprise")
    stage.shop_calls(pair, space, last=1, edition="Community")


@days_ago(70)
def the_first_pair_is_revoked(stage: Stage) -> None:
    jonas = stage.member(JONAS)
    keys.revoke(jonas, stage.own_pair(jonas, SANDBOX, "Showcase 1"))
