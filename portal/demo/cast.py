"""Who lives in the demo world. The addresses end in .example, which no mail server answers for (RFC 2606)."""

from collections.abc import Iterator
from dataclasses import dataclass

from portal.access.roles import Role
from portal.accounts.models import Language


@dataclass(frozen=True)
class Someone:
    """A person of the demo; `part` says what to try with this sign-in."""

    email: str
    name: str
    role: Role
    part: str
    language: Language = Language.EN


@dataclass(frozen=True)
class Company:
    """A tenant of the demo and its members."""

    name: str
    people: tuple[Someone, ...]


ZH = Language.ZH_HANT

RUTH = Someone("ruth.abara@vendor.example", "Ruth Abara", Role.PARTNER_ADMIN, "partner admin of the vendor")
VICTOR = Someone("victor.nilsen@vendor.example", "Victor Nilsen", Role.OPERATOR, "operator of the vendor")

MAYA = Someone("maya.lindqvist@aurora.example", "Maya Lindqvist", Role.OWNER, "licensee, owner: begin here")
TOM = Someone("tom.okafor@aurora.example", "Tom Okafor", Role.KEY_MANAGER, "licensee, key manager")
INES = Someone("ines.duarte@aurora.example", "Inês Duarte", Role.DEVELOPER, "licensee, developer")
SAM = Someone("sam.whitfield@aurora.example", "Sam Whitfield", Role.VIEWER, "licensee, viewer")

LIN = Someone("lin.meiling@bamboo.example", "林美玲", Role.OWNER, "licensee, owner, in Chinese", ZH)
CHEN = Someone("chen.guanyu@bamboo.example", "陳冠宇", Role.DEVELOPER, "licensee, developer, in Chinese", ZH)

PRIYA = Someone("priya.raman@harbour.example", "Priya Raman", Role.OWNER, "integrator, owner: accepts and acts")
ZHOU = Someone("zhou.ziqing@harbour.example", "周子晴", Role.DEVELOPER, "integrator, developer, in Chinese", ZH)

JONAS = Someone("jonas.weber@nordlicht.example", "Jonas Weber", Role.OWNER, "partner, owner and signer")
LEA = Someone("lea.brandt@nordlicht.example", "Lea Brandt", Role.DEVELOPER, "partner, developer and deputy")
KARIM = Someone("karim.haddad@nordlicht.example", "Karim Haddad", Role.OWNER, "partner, owner but no signer")

VENDOR = Company("Commerce Services", (RUTH, VICTOR))
AURORA = Company("Aurora Outfitters", (MAYA, TOM, INES, SAM))
BAMBOO = Company("竹風茶行", (LIN, CHEN))
HARBOUR = Company("Harbour Street Studio", (PRIYA, ZHOU))
NORDLICHT = Company("Nordlicht Digital", (JONAS, LEA, KARIM))

COMPANIES = (AURORA, BAMBOO, HARBOUR, NORDLICHT, VENDOR)


def everybody() -> Iterator[tuple[Company, Someone]]:
    """All people of the demo, company by company, in the order in which the list of sign-ins shows them."""
    for company in COMPANIES:
        for person in company.people:
            yield company, person
