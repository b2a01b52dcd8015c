"""The account's identity provider: set up, tried by a round trip of one's own, switched on, and removed."""

from typing import Any

from flask import flash, g, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.foundation.database import transaction
from portal.foundation.errors import NotFound
from portal.providers import domain_store, operations, store
from portal.providers.models import IdentityProvider, ProviderMode
from portal.providers.setup import back_to
from portal.web.accounts import provider_cookie
from portal.web.accounts.by_provider import go
from portal.web.accounts.provider_cookie import Purpose
from portal.web.guards import requires
from portal.web.identity import confirmed
from portal.web.pages import answer
from portal.web.tenants.blueprint import own_actor, pages
from portal.web.tenants.provider_forms import JoiningForm, ProviderForm, RemoveProviderForm, SwitchForm


@pages.route("/<account>/settings/provider", methods=["GET", "POST"])
@requires(Permission.SETTINGS_MANAGE)
def provider(account: str) -> ResponseReturnValue:
    """What is set up, and the form that sets it up or changes it. The client secret is never shown."""
    actor = own_actor()
    row = _find(actor)
    form = ProviderForm.for_provider(row)
    if form.validate_on_submit() and confirmed(form):
        with transaction():
            _keep(actor, form)
        flash(_("The identity provider is kept. Try it before you switch it on."), "success")
        return redirect(url_for(".switch_provider", account=account), code=303)
    return answer("tenants/provider.html", form=form, provider=_find(actor), back_to=back_to(account))


@pages.get("/<account>/settings/provider/try")
@requires(Permission.SETTINGS_MANAGE)
def try_provider(account: str) -> ResponseReturnValue:
    """On to the provider, and back to the page that switches it on."""
    return go(_at(account), Purpose.TRY)


@pages.route("/<account>/settings/provider/switch", methods=["GET", "POST"])
@requires(Permission.SETTINGS_MANAGE)
def switch_provider(account: str) -> ResponseReturnValue:
    """Off, optional or enforced. What is off is switched on only by who came back from it a moment ago."""
    actor = own_actor()
    row = _at(account)
    tried = provider_cookie.kept_answer(row, Purpose.TRY)
    form = SwitchForm.for_provider(row, may_be_on=row.is_on or tried is not None)
    if form.validate_on_submit() and confirmed(form):
        with transaction():
            operations.switch(actor, _get(actor), form.chosen, tried)
        provider_cookie.forget()
        flash(_SAID[form.chosen](), "success")
        return redirect(url_for(".provider", account=account), code=303)
    page = answer("tenants/provider_switch.html", form=form, provider=_at(account), tried=tried)
    page.headers["Cache-Control"] = "no-store"
    return page


@pages.route("/<account>/settings/provider/joining", methods=["GET", "POST"])
@requires(Permission.SETTINGS_MANAGE)
def joining(account: str) -> ResponseReturnValue:
    """Who becomes a member by the provider's word: nobody, or people of a proven mail domain."""
    actor = own_actor()
    form = JoiningForm.for_provider(_get(actor), may_by_domain=domain_store.has_proven(actor))
    if form.validate_on_submit() and confirmed(form):
        with transaction():
            operations.set_joining(actor, _get(actor), form.chosen)
        flash(_("Kept: who joins by the identity provider."), "success")
        return redirect(url_for(".provider", account=account), code=303)
    domains = [row.name for row in domain_store.all_of(actor) if row.proven_at is not None]
    return answer("tenants/joining.html", form=form, provider=_get(actor), domains=domains)


@pages.route("/<account>/settings/provider/remove", methods=["GET", "POST"])
@requires(Permission.SETTINGS_MANAGE)
def remove_provider(account: str) -> ResponseReturnValue:
    actor = own_actor()
    row = _get(actor)
    form = RemoveProviderForm()
    form.require_fresh()
    if form.validate_on_submit() and confirmed(form):
        with transaction():
            operations.remove(actor, _get(actor))
        flash(_("The identity provider is removed. Everybody uses their own sign-in."), "success")
        return redirect(url_for(".settings", account=account), code=303)
    return answer("tenants/provider_remove.html", form=form, provider=row)


_SAID: dict[ProviderMode, Any] = {
    ProviderMode.OFF: lambda: _("Switched off: everybody uses their own sign-in."),
    ProviderMode.OPTIONAL: lambda: _("Switched on: members may sign in by the provider."),
    ProviderMode.ENFORCED: lambda: _("Enforced: members come in by the provider. Owners keep their own sign-in, too."),
}


def _find(actor: Actor) -> IdentityProvider | None:
    """Raises: NotFound in the vendor's account, which has none."""
    if g.tenant.is_vendor:
        raise NotFound()
    return store.find(actor)


def _get(actor: Actor) -> IdentityProvider:
    row = _find(actor)
    if row is None:
        raise NotFound()
    return row


def _at(account: str) -> IdentityProvider:
    """As `_get`, with its tenant."""
    own_actor()
    row = store.find_at(account)
    if row is None:
        raise NotFound()
    return row


def _keep(actor: Actor, form: ProviderForm) -> None:
    facts = {
        "name": form.name.data,
        "issuer": form.issuer.data,
        "client_id": form.client_id.data,
        "asks_second": form.asks_second.data,
    }
    row = store.find(actor)
    if form.version.data:
        if row is None:
            raise NotFound()
        operations.change(actor, row, form.version.data, client_secret=form.client_secret.data or None, **facts)
    else:
        operations.set_up(actor, client_secret=form.client_secret.data or "", **facts)
