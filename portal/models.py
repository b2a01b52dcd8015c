"""Every table, for those who need them all: the application, migrations and the tests of the schema."""

from portal.accounts import models as accounts
from portal.audit import models as audit
from portal.contracts import models as contracts
from portal.credentials import models as credentials
from portal.delegations import models as delegations
from portal.entitlements import models as entitlements
from portal.foundation import changes, signing
from portal.gateways import models as gateways
from portal.handoffs import models as handoffs
from portal.impact import models as impact
from portal.imports import models as imports
from portal.keys import models as keys
from portal.lookins import models as lookins
from portal.outbox import models as outbox
from portal.projects import models as projects
from portal.providers import models as providers
from portal.repeats import models as repeats
from portal.reviews import models as reviews
from portal.tenants import models as tenants
from portal.tokens import models as tokens
from portal.usage import models as usage
from portal.webhooks import models as webhooks

__all__ = [
    "accounts",
    "audit",
    "changes",
    "contracts",
    "credentials",
    "delegations",
    "entitlements",
    "gateways",
    "handoffs",
    "impact",
    "imports",
    "keys",
    "lookins",
    "outbox",
    "projects",
    "providers",
    "repeats",
    "reviews",
    "signing",
    "tenants",
    "tokens",
    "usage",
    "webhooks",
]
