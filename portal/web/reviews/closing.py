"""Closing a review, with what that would do said first, and abandoning one."""

from typing import Any

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.roles import Permission
from portal.foundation.database import transaction
from portal.reviews import operations, store
from portal.web.forms import PortalForm, VersionField
from portal.web.guards import current_actor, requires
from portal.web.identity import FreshSignIn, confirmed
from portal.web.pages import answer
from portal.web.reviews.blueprint import pages
from portal.web.reviews.closable import refusal_to_close
from portal.web.reviews.labels import FORECAST_NAMES


class CloseForm(FreshSignIn, PortalForm):
    """The review as it was when the page was drawn, and the password, where it is needed."""

    version = VersionField()


class AbandonForm(PortalForm):
    """The review as it was when the page was drawn."""

    version = VersionField()


@pages.route("/<account>/reviews/<campaign_id>/close", methods=["GET", "POST"])
@requires(Permission.REVIEW_KEEP)
def close(account: str, campaign_id: str) -> ResponseReturnValue:
    """What closing would do now, and closing; the worker then carries it out."""
    actor = current_actor()
    campaign = store.get_campaign(actor, campaign_id)
    form = CloseForm(data={"version": campaign.version})
    form.require_fresh()
    if form.validate_on_submit() and confirmed(form):
        with transaction():
            operations.close(actor, campaign, form.version.data)
        flash(_("The decisions are carried out now, one after the other."), "success")
        return _to(account, campaign_id)
    undecided = store.progress_of(actor, campaign).undecided
    if (refusal := refusal_to_close(campaign, undecided)) is not None:
        raise refusal
    return answer(
        "reviews/close.html",
        form=form,
        review=campaign,
        forecast=_told(operations.forecast(actor, campaign)),
        undecided=undecided,
    )


def _told(forecast: Any) -> list[tuple[str, int]]:
    return [(_(name), forecast[what]) for what, name in FORECAST_NAMES.items() if forecast.get(what)]


@pages.route("/<account>/reviews/<campaign_id>/abandon", methods=["GET", "POST"])
@requires(Permission.REVIEW_KEEP)
def abandon(account: str, campaign_id: str) -> ResponseReturnValue:
    """Gives the review up: nothing is carried out."""
    actor = current_actor()
    campaign = store.get_campaign(actor, campaign_id)
    form = AbandonForm(data={"version": campaign.version})
    if form.validate_on_submit():
        with transaction():
            operations.abandon(actor, campaign, form.version.data)
        flash(_("The review is abandoned. Everything stays as it is."), "success")
        return _to(account, campaign_id)
    return answer("reviews/abandon.html", form=form, review=campaign, counts=store.progress_of(actor, campaign))


def _to(account: str, campaign_id: str) -> ResponseReturnValue:
    return redirect(url_for(".show", account=account, campaign_id=campaign_id), code=303)
