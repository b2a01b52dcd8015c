"""The evidence of a closed review as files, for somebody who proved itself in the last 10 minutes."""

from flask import Response, g, redirect, url_for
from flask.typing import ResponseReturnValue

from portal.access.roles import Permission
from portal.accounts import operations as accounts
from portal.reviews import evidence, store
from portal.reviews.errors import NotClosedYet
from portal.reviews.models import Campaign, CampaignState
from portal.reviews.states import CAMPAIGN_STATE_NAMES
from portal.web import arguments
from portal.web.exports import csv_response
from portal.web.forms import PortalForm
from portal.web.guards import current_actor, requires
from portal.web.identity import FreshSignIn, confirmed
from portal.web.pages import answer
from portal.web.reviews.blueprint import pages

FILES = ("json", "csv")


class EvidenceForm(FreshSignIn, PortalForm):
    """Nothing but the password, where it is needed."""


@pages.get("/<account>/reviews/<campaign_id>/evidence.json")
@requires(Permission.CONSOLE_SEE)
def evidence_json(account: str, campaign_id: str) -> ResponseReturnValue:
    """The signed file, as `flask reviews verify` takes it."""
    campaign = _closed(campaign_id)
    if not accounts.is_fresh(g.session_row):
        return _ask_again(account, campaign_id, "json")
    response = Response(evidence.signed(campaign), mimetype="application/json")
    response.headers.set("Content-Disposition", "attachment", filename=f"review-{campaign_id}.json")
    return response


@pages.get("/<account>/reviews/<campaign_id>/evidence.csv")
@requires(Permission.CONSOLE_SEE)
def evidence_csv(account: str, campaign_id: str) -> ResponseReturnValue:
    """The same lines for a spreadsheet."""
    campaign = _closed(campaign_id)
    if not accounts.is_fresh(g.session_row):
        return _ask_again(account, campaign_id, "csv")
    rows = evidence.rows(campaign)
    return csv_response(f"review-{campaign_id}.csv", next(rows), rows)


@pages.route("/<account>/reviews/<campaign_id>/export", methods=["GET", "POST"])
@requires(Permission.CONSOLE_SEE)
def export(account: str, campaign_id: str) -> ResponseReturnValue:
    """Asks for the password before a download, when it was last given too long ago."""
    campaign = _closed(campaign_id)
    file, form = arguments.one_of("file", FILES) or FILES[0], EvidenceForm()
    form.require_fresh()
    if form.validate_on_submit() and confirmed(form):
        return redirect(url_for(f".evidence_{file}", account=account, campaign_id=campaign_id), code=303)
    return answer("reviews/export.html", form=form, review=campaign, file=file)


def _closed(campaign_id: str) -> Campaign:
    campaign = store.get_campaign(current_actor(), campaign_id)
    if campaign.state is not CampaignState.CLOSED:
        raise NotClosedYet(review=campaign.name, state=CAMPAIGN_STATE_NAMES[campaign.state])
    return campaign


def _ask_again(account: str, campaign_id: str, file: str) -> ResponseReturnValue:
    return redirect(url_for(".export", account=account, campaign_id=campaign_id, file=file))
