"""The account's mail domains: named, proven by their DNS, and removed."""

from flask import flash, g, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.access.actor import Actor
from portal.access.roles import Permission
from portal.foundation.database import transaction
from portal.foundation.errors import NotFound
from portal.providers import domain_store
from portal.providers import domains as mail_domains
from portal.providers.errors import DnsSilent, DomainAsked, DomainTaken, DomainUnproven, TooManyDomains
from portal.web.forms import PortalForm
from portal.web.guards import requires
from portal.web.pages import add_refusal, answer
from portal.web.say import why
from portal.web.tenants.blueprint import own_actor, pages
from portal.web.tenants.provider_forms import DomainForm


@pages.route("/<account>/settings/domains", methods=["GET", "POST"])
@requires(Permission.SETTINGS_MANAGE)
def domains(account: str) -> ResponseReturnValue:
    """The domains, and the form that names another one."""
    actor, form = _actor(), DomainForm()
    if form.validate_on_submit():
        try:
            with transaction():
                row = mail_domains.name_one(actor, form.domain.data)
                name = row.name
        except TooManyDomains as refusal:
            add_refusal(form.domain, refusal)
        else:
            return redirect(url_for(".domain", account=account, domain=name), code=303)
    return answer("tenants/domains.html", form=form, rows=domain_store.all_of(actor))


@pages.get("/<account>/settings/domains/<domain>")
@requires(Permission.SETTINGS_MANAGE)
def domain(account: str, domain: str) -> ResponseReturnValue:
    """Whether the domain counts, and the record that proves it."""
    row = domain_store.get(_actor(), domain)
    host, text = mail_domains.record_of(row)
    return answer("tenants/domain.html", form=PortalForm(), row=row, host=host, text=text)


@pages.post("/<account>/settings/domains/<domain>/look")
@requires(Permission.SETTINGS_MANAGE)
def look_at_domain(account: str, domain: str) -> ResponseReturnValue:
    """Ask the DNS now. What it says stands on the page that follows."""
    actor = _actor()
    try:
        with transaction():
            mail_domains.begin_look(actor, domain_store.get(actor, domain))
        found = mail_domains.look(domain)
        with transaction():
            mail_domains.prove(actor, domain_store.get(actor, domain), found)
    except (DnsSilent, DomainAsked, DomainTaken, DomainUnproven) as refusal:
        flash(why(refusal), "warning")
    else:
        flash(_("The record is there: %(domain)s counts for this account.", domain=domain), "success")
    return redirect(url_for(".domain", account=account, domain=domain), code=303)


@pages.post("/<account>/settings/domains/<domain>/remove")
@requires(Permission.SETTINGS_MANAGE)
def remove_domain(account: str, domain: str) -> ResponseReturnValue:
    actor = _actor()
    with transaction():
        mail_domains.remove(actor, domain_store.get(actor, domain))
    flash(_("%(domain)s is removed. Whoever joined by it stays a member.", domain=domain), "success")
    return redirect(url_for(".domains", account=account), code=303)


def _actor() -> Actor:
    """Raises: NotFound in the vendor's account, which has no provider."""
    actor = own_actor()
    if g.tenant.is_vendor:
        raise NotFound()
    return actor
