"""What the vendor sells: services, and the editions that include them. Plain data, put into the tables by `load`."""

from dataclasses import asdict, dataclass

from portal.contracts.models import ContractKind, Edition, EditionService, Service
from portal.foundation.database import Base, insert_if_absent


@dataclass(frozen=True)
class ServiceEntry:
    """A service, under the vendor's own name for it (never translated)."""

    code: str
    name: str


@dataclass(frozen=True)
class EditionEntry:
    """An edition with its allotment: projects of one contract, and data spaces of one project."""

    code: str
    name: str
    kind: ContractKind
    projects: int
    production_spaces: int
    testing_spaces: int
    services: tuple[str, ...]


PAYMENT_SERVICES = ServiceEntry("payment-services", "Payment Services")
PRODUCT_RECOMMENDATIONS = ServiceEntry("product-recommendations", "Product Recommendations")
LIVE_SEARCH = ServiceEntry("live-search", "Live Search")
CATALOG_SERVICE = ServiceEntry("catalog-service", "Catalog Service")

SERVICES = (PAYMENT_SERVICES, PRODUCT_RECOMMENDATIONS, LIVE_SEARCH, CATALOG_SERVICE)
ALL_SERVICES = tuple(service.code for service in SERVICES)

# The data spaces of the two licences are the vendor's (seed page S14). How many projects a contract includes is not
# published: these figures are the portal's own starting point, and more is asked for in the portal (design rule 11).
ADOBE_COMMERCE = EditionEntry("adobe-commerce", "Adobe Commerce", ContractKind.LICENCE, 3, 1, 2, ALL_SERVICES)
MAGENTO_OPEN_SOURCE = EditionEntry(
    "magento-open-source", "Magento Open Source", ContractKind.LICENCE, 1, 1, 0, (PAYMENT_SERVICES.code,)
)
SOLUTION_PARTNER = EditionEntry("solution-partner", "Solution Partner", ContractKind.PARTNER, 3, 1, 2, ALL_SERVICES)
# An integrator works in its clients' projects: its agreement alone grants none (design section 2).
INTEGRATOR = EditionEntry("integrator", "Integrator", ContractKind.INTEGRATOR, 0, 0, 0, ())

EDITIONS = (ADOBE_COMMERCE, MAGENTO_OPEN_SOURCE, SOLUTION_PARTNER, INTEGRATOR)


def load() -> None:
    """Put into the tables what is not there yet. A row that is there stays as it is: its figures may be newer."""
    for position, service in enumerate(SERVICES):
        insert_if_absent(Base.metadata.tables[Service.__tablename__], asdict(service) | {"position": position})
    for position, edition in enumerate(EDITIONS):
        _load_edition(edition, position)


def _load_edition(edition: EditionEntry, position: int) -> None:
    columns = asdict(edition) | {"position": position}
    services = columns.pop("services")
    insert_if_absent(Base.metadata.tables[Edition.__tablename__], columns)
    for code in services:
        row = {"edition_code": edition.code, "service_code": code}
        insert_if_absent(Base.metadata.tables[EditionService.__tablename__], row)
