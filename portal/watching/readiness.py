"""Whether this process may serve, for machines that ask every few seconds: looked up once a second at most."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from enum import StrEnum
from threading import Event, Lock, Thread

from sqlalchemy.exc import SQLAlchemyError
from structlog import get_logger

from portal.foundation import migrations
from portal.foundation.migrations import Stand

log = get_logger()

KEPT_SECONDS = 1.0
# Less than who asks waits: Kubernetes gives a probe one second unless it is told otherwise (docs/running.md).
LONGEST_SECONDS = 0.8


class Word(StrEnum):
    """All that is said of it. Words never change."""

    READY = "ready"
    DATABASE = "database"
    MIGRATIONS = "migrations"


class _Look:
    """One look at the database, in a thread of its own: a database that hangs holds that one, and nobody's request."""

    def __init__(self) -> None:
        self.began, self.over, self.word = time.monotonic(), Event(), Word.DATABASE


class Readiness:
    """The word of now. Everybody who asks within a second gets the answer of one look."""

    def __init__(self, surroundings: Callable[[], AbstractContextManager[object]]) -> None:
        self._surroundings, self._lock = surroundings, Lock()
        self._look: _Look | None = None
        self._told = Word.READY

    def word(self) -> Word:
        """`READY`, or why not; after `LONGEST_SECONDS` at the latest."""
        with self._lock:
            look = self._look
            if look is None or (look.over.is_set() and time.monotonic() - look.began >= KEPT_SECONDS):
                look = self._look = _Look()
                Thread(target=self._carry_out, args=(look,), name="readiness", daemon=True).start()
        has_ended = look.over.wait(max(0.0, look.began + LONGEST_SECONDS - time.monotonic()))
        return self._say(look.word if has_ended else Word.DATABASE)

    def _carry_out(self, look: _Look) -> None:
        try:
            with self._surroundings():
                look.word = Word.READY if migrations.stand() is Stand.AT_HEAD else Word.MIGRATIONS
        except SQLAlchemyError:
            look.word = Word.DATABASE
        except Exception as error:  # whatever it was, the database did not say that all is well
            log.error("not known whether ready", error=type(error).__name__, exc_info=error)
        finally:
            look.over.set()

    def _say(self, word: Word) -> Word:
        """`word`, on record where it is another one than before: probes themselves are in no log."""
        if word is not self._told:
            self._told = word
            (log.info if word is Word.READY else log.warning)("readiness", word=word.value)
        return word
