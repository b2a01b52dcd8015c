"""Personal tokens: which there are, a new one, and an end. A secret is on one page, once."""

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.roles import SCOPE_NAMES, Permission, Scope
from portal.foundation import clock
from portal.foundation.database import transaction
from portal.tokens import operations, store
from portal.tokens.errors import IssuedAlready, LastDayOutOfRange
from portal.tokens.models import TOKEN_STATE_NAMES
from portal.tokens.operations import Issued
from portal.web.guards import current_actor, requires
from portal.web.identity import confirmed
from portal.web.pages import add_refusal, answer
from portal.web.say import why
from portal.web.tenants.blueprint import own_actor
from portal.web.tokens.blueprint import pages
from portal.web.tokens.forms import EndForm, IssueForm


@pages.app_template_global("scope_sentence")
def scope_sentence(scope: Scope) -> str:
    """What the scope is for, in the reader's language."""
    return str(_(SCOPE_NAMES[scope]))


@pages.app_template_global("scope_hints")
def scope_hints() -> dict[str, str]:
    """For the choice of scopes: what each is called in scripts."""
    return {scope.value: scope.value for scope in Scope}


@pages.get("/<account>/tokens")
@requires(Permission.SEE)
def index(account: str) -> str:
    """One's own, the newest first; who manages members sees everybody's."""
    actor = own_actor()
    everybodys = operations.sees_everybodys(actor)
    page = store.page(actor, request.args.get("after"), everybodys=everybodys)
    here = url_for(".index", account=account)
    return render_template(
        "tokens/index.html",
        rows=page.rows,
        everybodys=everybodys,
        now=clock.now(),
        state_names=TOKEN_STATE_NAMES,
        next_url=url_for(".index", account=account, after=page.next_place) if page.next_place else None,
        first_url=here if request.args.get("after") else None,
    )


@pages.route("/<account>/tokens/new", methods=["GET", "POST"])
@requires(Permission.SEE)
def issue(account: str) -> ResponseReturnValue:
    """Asks what it may do; the answer to the form is the one page that shows the secret."""
    actor = own_actor()
    operations.require_may_issue(actor)
    form = IssueForm.for_actor(actor)
    if form.validate_on_submit() and confirmed(form):
        try:
            with transaction():
                issued = operations.issue(
                    actor,
                    name=form.name.data,
                    scopes=form.scopes.chosen,
                    ends_at=form.last_day.moment,
                    mark=form.mark.data,
                )
            return _shown(issued)
        except LastDayOutOfRange as refusal:
            add_refusal(form.last_day, refusal)
        except IssuedAlready as refusal:
            flash(why(refusal), "warning")
            return _to_list(account)
    return answer("tokens/issue.html", form=form)


@pages.route("/<account>/tokens/<token_id>/end", methods=["GET", "POST"])
@requires(Permission.SEE)
def end(account: str, token_id: str) -> ResponseReturnValue:
    """Says what it was last used for, and ends it."""
    actor = own_actor()
    token = store.get(actor, token_id, everybodys=operations.sees_everybodys(actor))
    name, form = token.name, EndForm()
    if form.validate_on_submit():
        with transaction():
            operations.end(actor, token)
        flash(_("The token “%(name)s” has ended: what shows it is refused.", name=name), "success")
        return _to_list(account)
    return answer("tokens/end.html", form=form, token=token, now=clock.now(), state_names=TOKEN_STATE_NAMES)


def _shown(issued: Issued) -> Response:
    """The page with the secret; loading it again cannot show it, for sending the form again makes no second token."""
    token = store.get(current_actor(), issued.token.public_id, everybodys=False)
    page = Response(render_template("tokens/shown.html", token=token, secret=issued.secret))
    page.headers["Cache-Control"] = "no-store"
    return page


def _to_list(account: str) -> ResponseReturnValue:
    return redirect(url_for(".index", account=account), code=303)
