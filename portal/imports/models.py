"""Files that were given to be imported, and what was found about each of their lines."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, deferred, mapped_column, relationship

from portal.access.rows import TenantOwned
from portal.accounts.models import Person
from portal.foundation import clock, ids
from portal.foundation.database import Base, Versioned, enum_type


class ImportState(StrEnum):
    """Where an import stands; `states.py` has its moves."""

    CHECKING = "checking"
    CHECKED = "checked"
    APPLYING = "applying"
    APPLIED = "applied"
    FAILED = "failed"
    DISCARDED = "discarded"


class LineKind(StrEnum):
    """The most that a line does, what matters most first."""

    PROBLEM = "problem"
    NEW_TENANT = "new_tenant"
    NEW_CONTRACT = "new_contract"
    EXTENDED = "extended"
    SIGNER = "signer"
    INVITED = "invited"
    UNCHANGED = "unchanged"


class Import(TenantOwned, Versioned, Base):
    """A file with accounts and contracts, owned by the vendor's tenant. Its content goes once it is settled."""

    __tablename__ = "imports"
    __table_args__ = (
        CheckConstraint("(content IS NULL) = (state IN ('applied', 'failed', 'discarded'))", name="content"),
        CheckConstraint("done >= 0 AND total > 0", name="progress"),
        Index("uq_imports_public_id", "public_id", unique=True),
        Index("ix_imports_state", "state", "tenant_id", "id"),
    )

    public_id: Mapped[str] = mapped_column(String(32), default=lambda: ids.new("imp"))
    state: Mapped[ImportState] = mapped_column(enum_type(ImportState), default=ImportState.CHECKING)
    file_name: Mapped[str]
    sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    content: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    total: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    failure: Mapped[str | None] = mapped_column(String(64))
    given_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    settled_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    checked_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)

    given_by: Mapped[Person | None] = relationship(lazy="raise", viewonly=True, foreign_keys=[given_by_id])
    settled_by: Mapped[Person | None] = relationship(lazy="raise", viewonly=True, foreign_keys=[settled_by_id])

    @property
    def problems(self) -> int:
        """How many lines have a problem."""
        return self.counts.get(LineKind.PROBLEM, 0)

    @property
    def changes(self) -> int:
        """How many lines would change something."""
        return sum(self.counts.get(kind, 0) for kind in LineKind if kind not in (LineKind.PROBLEM, LineKind.UNCHANGED))

    @property
    def audit_subject(self) -> tuple[str, str, str]:
        return "import", self.public_id, self.file_name


class ImportLine(TenantOwned, Base):
    """What was found about one line. `rank` puts problems first, then what wants to be read.

    details: codes with facts, said when shown. changed: the line is not any more what an earlier report said of it.
    """

    __tablename__ = "import_lines"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "import_id"], ["imports.tenant_id", "imports.id"]),
        Index("uq_import_lines_rank", "tenant_id", "import_id", "rank", "line", unique=True),
        Index("ix_import_lines_kind", "tenant_id", "import_id", "kind", "rank", "line"),
    )

    import_id: Mapped[uuid.UUID]
    line: Mapped[int]
    rank: Mapped[int]
    kind: Mapped[LineKind] = mapped_column(enum_type(LineKind))
    changed: Mapped[bool] = mapped_column(default=False)
    account: Mapped[str | None] = mapped_column(String(12))
    name: Mapped[str]
    edition: Mapped[str | None] = mapped_column(String(40))
    details: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
