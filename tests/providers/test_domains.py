"""Mail domains: what proves one, whose it is, and where its addresses lead. The DNS is asked for real."""

from datetime import timedelta

import dns.rcode
import pytest

from portal.access.roles import Role
from portal.audit.events import Event
from portal.foundation import clock
from portal.foundation.database import db, transaction
from portal.outbox import operations as outbox
from portal.providers import domain_store, domains, txt_records
from portal.providers.errors import (
    DnsSilent,
    DomainAsked,
    DomainNotUsable,
    DomainTaken,
    DomainUnproven,
    PublicMailDomain,
    TooManyDomains,
)
from portal.providers.models import ProviderMode
from portal.web.mail import render
from tests.factories import a_licensee, a_member, a_person, tenant_of
from tests.providers.conftest import account_of, events_of, look, name_domain, prove_domain, put_there, switch

NAME = "contoso.example"
ASK = "/sign-in/with"


def is_proven(owner, name=NAME):
    db.session.rollback()
    return domain_store.get(owner, name).proven_at is not None


@pytest.fixture
def other():
    return a_licensee(name="Fabrikam")


def test_a_domain_counts_for_nothing_before_its_dns_says_so(owner, zone):
    name_domain(owner)

    with pytest.raises(DomainUnproven):
        look(owner)

    assert not is_proven(owner)
    assert zone.asked == [f"_partner-portal.{NAME}"]


def test_the_record_proves_it(owner, zone):
    prove_domain(owner, zone)

    assert is_proven(owner)
    assert events_of(owner)[-2:] == [Event.DOMAIN_NAMED, Event.DOMAIN_PROVEN]


def test_among_other_records_and_in_several_strings_it_is_found(owner, zone):
    put_there(zone, "v=spf1 -all", "x" * 300, name_domain(owner))

    assert look(owner)


def test_proven_twice_is_one_event(owner, zone):
    prove_domain(owner, zone)
    before = events_of(owner)

    assert not look(owner)

    assert events_of(owner) == before


def test_a_part_of_the_text_or_another_accounts_proves_nothing(owner, other, zone):
    text, others = name_domain(owner), name_domain(other)
    put_there(zone, text[:-1], text + "x", others)

    with pytest.raises(DomainUnproven):
        look(owner)


def test_the_parent_domain_proves_nothing(owner, zone):
    text = name_domain(owner, f"mail.{NAME}")
    put_there(zone, text)

    with pytest.raises(DomainUnproven):
        look(owner, f"mail.{NAME}")


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED], ids=["servfail", "refused"])
def test_a_dns_that_fails_proves_nothing_and_is_named(owner, zone, rcode):
    put_there(zone, name_domain(owner))
    zone.rcode = rcode

    with pytest.raises(DnsSilent):
        look(owner)


def test_a_dns_that_is_silent_holds_nobody_up(owner, zone, monkeypatch):
    name_domain(owner)
    zone.mute = True
    monkeypatch.setattr(txt_records, "SECONDS", 0.2)

    with pytest.raises(DnsSilent):
        look(owner)


def test_a_domain_belongs_to_one_account(owner, other, zone):
    mine, others = name_domain(owner), name_domain(other)
    put_there(zone, mine, others)
    look(owner)

    with pytest.raises(DomainTaken):
        look(other)

    assert is_proven(owner)
    assert not is_proven(other)


def test_a_domain_that_changed_hands_follows_its_dns(owner, other, zone):
    prove_domain(owner, zone)
    put_there(zone, name_domain(other))

    look(other)

    assert (is_proven(owner), is_proven(other)) == (False, True)
    assert events_of(owner)[-1] == Event.DOMAIN_LOST
    assert events_of(other)[-1] == Event.DOMAIN_PROVEN
    (mail,) = outbox.read_all(10)
    assert "contoso.example counts for Contoso no longer" in render(mail)["Subject"]


def test_the_database_keeps_it_so(owner, other, zone, monkeypatch):
    """Two proofs at one moment: the second has not seen the first, and meets the constraint."""
    prove_domain(owner, zone)
    put_there(zone, name_domain(other))
    monkeypatch.setattr(domain_store, "proven", lambda _name: None)

    with pytest.raises(DomainTaken):
        look(other)


def test_named_twice_it_is_one(owner):
    assert name_domain(owner) == name_domain(owner, "CONTOSO.example")

    assert events_of(owner).count(Event.DOMAIN_NAMED) == 1


def test_removed_it_counts_no_longer(owner, zone):
    prove_domain(owner, zone)
    with transaction():
        domains.remove(owner, domain_store.get(owner, NAME))

    assert domain_store.proven(NAME) is None
    assert events_of(owner)[-1] == Event.DOMAIN_REMOVED


@pytest.mark.parametrize("name", ["gmail.com", "GMAIL.com", "ann@googlemail.com", "yahoo.com.tw", "qq.com"])
def test_a_public_mail_provider_is_nobodys(owner, name):
    with pytest.raises(PublicMailDomain):
        name_domain(owner, name)


@pytest.mark.parametrize("name", ["", "contoso", "-.com", "a b.com", "localhost", "[127.0.0.1]", "x" * 300 + ".com"])
def test_what_is_no_mail_domain_is_refused(owner, name):
    with pytest.raises(DomainNotUsable):
        name_domain(owner, name)


def test_letters_of_other_scripts_are_kept_as_the_dns_has_them():
    assert domains.cleaned_domain("Bücher.example") == "xn--bcher-kva.example"


def test_there_is_an_end_to_them(owner):
    for number in range(domains.MOST):
        name_domain(owner, f"c{number}.example")

    with pytest.raises(TooManyDomains):
        name_domain(owner)


def test_the_dns_is_not_asked_at_every_click(owner):
    name_domain(owner)
    with transaction():
        domains.begin_look(owner, domain_store.get(owner, NAME))

    with pytest.raises(DomainAsked), transaction():
        domains.begin_look(owner, domain_store.get(owner, NAME))

    with clock.travelled_to(clock.now() + timedelta(seconds=11)), transaction():
        domains.begin_look(owner, domain_store.get(owner, NAME))


def test_an_owner_proves_it_on_the_pages(browse, owner, zone):
    client, account = browse(owner), account_of(owner)
    named = client.post(f"/{account}/settings/domains", data={"domain": "ann@contoso.example"})
    assert named.location == f"/{account}/settings/domains/{NAME}"
    page = client.get(named.location).text
    text = domains.record_of(domain_store.get(owner, NAME))[1]
    assert text in page
    assert f"_partner-portal.{NAME}" in page
    put_there(zone, text)

    client.post(f"{named.location}/look")

    assert "counts for this account" in client.get(named.location).text
    assert "proven" in client.get(f"/{account}/settings/domains").text


def test_a_look_in_vain_says_what_is_missing(browse, owner, zone):
    client, where = browse(owner), f"/{account_of(owner)}/settings/domains/{NAME}"
    name_domain(owner)

    answer = client.post(f"{where}/look")

    assert answer.status_code == 303
    assert "there is no TXT record" in client.get(where).text


def test_nobody_but_an_owner_touches_it(browse, owner, member):
    name_domain(owner)
    where = f"/{account_of(owner)}/settings/domains"

    assert browse(member).get(f"{where}/{NAME}").status_code == 403
    assert browse(member).post(f"{where}/{NAME}/remove").status_code == 403
    assert browse(a_licensee(name="Other")).get(f"{where}/{NAME}").status_code == 404


class TestHomeRealm:
    """From an address to its organisation's provider, without a word about persons."""

    def wanted(self, browse, text):
        return browse().post(ASK, data={"wanted": text})

    def test_an_address_of_a_proven_domain_leads_to_the_provider(self, browse, provider, owner, zone):
        prove_domain(owner, zone)

        answer = self.wanted(browse, "somebody@Contoso.example")

        assert (answer.status_code, answer.location) == (303, f"/sign-in/with/{account_of(owner)}")

    def test_somebody_and_nobody_are_answered_alike(self, browse, provider, owner, zone):
        prove_domain(owner, zone)
        a_member(tenant_of(owner), Role.VIEWER, person=a_person(email="there@contoso.example"))

        there, nobody = (self.wanted(browse, f"{who}@contoso.example") for who in ("there", "nobody"))

        assert (there.status_code, there.location) == (nobody.status_code, nobody.location)

    def test_a_domain_that_is_only_named_leads_nowhere(self, browse, provider, owner):
        name_domain(owner)

        assert self.wanted(browse, "ann@contoso.example").status_code == 422

    def test_a_subdomain_is_another_domain(self, browse, provider, owner, zone):
        prove_domain(owner, zone)

        assert self.wanted(browse, "ann@mail.contoso.example").status_code == 422

    def test_nor_does_one_whose_account_has_its_provider_off(self, browse, provider, owner, zone):
        prove_domain(owner, zone)
        switch(owner, ProviderMode.OFF)

        assert self.wanted(browse, "ann@contoso.example").status_code == 422

    def test_the_accounts_id_leads_there_too(self, browse, provider, owner):
        answer = self.wanted(browse, f" {account_of(owner).lower()} ")

        assert answer.location == f"/sign-in/with/{account_of(owner)}"

    def test_it_is_kept_where_one_was_going(self, browse, provider, owner):
        answer = browse().post(f"{ASK}?next=/profile", data={"wanted": account_of(owner)})

        assert answer.location == f"/sign-in/with/{account_of(owner)}?next=/profile"

    def test_an_address_never_stands_in_the_address_of_a_page(self, browse):
        assert 'method="post"' in browse().get(ASK).text
