"""Making several key pairs with the command line: a page for their names, and one with their one-time codes."""

from flask import Response, current_app, make_response, render_template
from flask.typing import ResponseReturnValue

from portal.access.roles import Environment, Permission
from portal.foundation.database import transaction
from portal.keys import batch as batches
from portal.keys import eligibility
from portal.keys.batch import MOST, Batch
from portal.keys.errors import LinesRefused
from portal.web import frame
from portal.web.guards import current_actor, requires
from portal.web.identity import confirmed
from portal.web.keys.blueprint import pages
from portal.web.keys.forms import BatchForm
from portal.web.pages import answer


@pages.route("/<account>/keys/batch", methods=["GET", "POST"])
@requires(Permission.SEE)
def batch(account: str) -> ResponseReturnValue:
    actor, side = current_actor(), frame.environment()
    contracts = eligibility.usable_contracts(actor)
    eligibility.require_environment(actor, side)
    form = BatchForm()
    form.offer(contracts)
    form.require_fresh(always=side is Environment.PRODUCTION)
    try:
        if form.validate_on_submit() and confirmed(form):
            with transaction():
                contract = eligibility.contract_for(actor, form.contract.data)
                begun = batches.begin(actor, environment=side, contract=contract, lines=form.lines)
            return _codes(begun, side)
    except LinesRefused as refusal:
        form.say_lines(refusal)
    switch = frame.switch(side)
    return answer(
        "keys/batch.html", form=form, contracts=contracts, most=MOST, environment=side.value, environment_switch=switch
    )


def _codes(begun: Batch, side: Environment) -> Response:
    """The one page that shows the codes; its file is made of what stands on it."""
    base_url = current_app.config["PORTAL"].external_base_url.rstrip("/")
    filename = f"portal-key-codes-{side.value}.txt"
    page = make_response(
        render_template(
            "keys/batch_codes.html",
            batch=begun,
            environment=side.value,
            filename=filename,
            content=_file(begun, base_url, side),
            command=f"portal-key batch {filename} --portal {base_url} --dir keys-{side.value}",
        )
    )
    page.headers["Cache-Control"] = "no-store"
    return page


def _file(begun: Batch, base_url: str, side: Environment) -> str:
    """What `portal-key batch` reads: a line that says whose codes these are, then code, TAB and name."""
    lines = [f"# portal-key batch {base_url} {side.value}", *(f"{code}\t{name}" for code, name in begun.codes)]
    return "\n".join(lines) + "\n"
