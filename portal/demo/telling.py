"""The demo's story as a list of steps, each so many days ago. Chapters add to it; `act` plays it."""

from collections.abc import Callable

from portal.demo.stage import Stage

Step = Callable[[Stage], None]
STORY: list[tuple[int, Step]] = []


def days_ago(days: int) -> Callable[[Step], Step]:
    """This happened so many days ago."""

    def tell(step: Step) -> Step:
        STORY.append((days, step))
        return step

    return tell


def act(stage: Stage) -> None:
    """Let everything happen, in the order of time: the record of each account is a chain."""
    for days, step in sorted(STORY, key=lambda told: -told[0]):
        with stage.days_ago(days):
            step(stage)
