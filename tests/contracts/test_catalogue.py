from sqlalchemy import func, select

from portal.contracts import catalogue, store
from portal.contracts.models import ContractKind, Edition, EditionService, Service
from portal.foundation.database import db, transaction


def counts():
    tables = (Service, Edition, EditionService)
    return [db.session.scalar(select(func.count()).select_from(table)) for table in tables]


def test_loading_the_catalogue_again_adds_nothing():
    before = counts()

    with transaction():
        catalogue.load()

    assert counts() == before == [4, 4, 9]


def test_loading_the_catalogue_keeps_figures_that_were_changed_since():
    with transaction():
        store.edition("adobe-commerce").projects = 7
    with transaction():
        catalogue.load()

    assert store.edition("adobe-commerce").projects == 7

    with transaction():  # the catalogue is not emptied between tests
        store.edition("adobe-commerce").projects = catalogue.ADOBE_COMMERCE.projects


def test_each_edition_includes_the_services_it_names():
    for entry in catalogue.EDITIONS:
        codes = tuple(service.code for service in store.edition(entry.code).services)

        assert codes == entry.services


def test_an_integrator_agreement_includes_nothing_of_its_own():
    edition = store.edition("integrator")

    assert edition.kind is ContractKind.INTEGRATOR
    assert (edition.projects, edition.production_spaces, edition.testing_spaces) == (0, 0, 0)
