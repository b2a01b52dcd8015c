"""What this process counts, for Prometheus. No label names a tenant, a person or a path."""

import os
import secrets
from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# What requests are measured against: pages within 100 and 300 ms, calls of shops within 10.
OF_REQUESTS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2.5, 5, 10)
OF_TASKS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300)

registry = CollectorRegistry()

requests = Counter(
    "portal_http_requests", "Requests answered.", ["door", "endpoint", "method", "status"], registry=registry
)
request_seconds = Histogram(
    "portal_http_request_seconds",
    "From a request's arrival to the end of its answer.",
    ["door", "endpoint", "method"],
    buckets=OF_REQUESTS,
    registry=registry,
)
tasks = Counter("portal_worker_tasks", "Runs of the worker's tasks.", ["task", "outcome"], registry=registry)
task_seconds = Histogram(
    "portal_worker_task_seconds", "How long a run took.", ["task"], buckets=OF_TASKS, registry=registry
)
tasks_done = Counter("portal_worker_done", "What the runs of a task dealt with.", ["task"], registry=registry)
task_worked_at = Gauge(
    "portal_worker_task_worked_at_seconds", "When a run last worked, in Unix time.", ["task"], registry=registry
)


class Worker:
    """This process's name among those behind one address. One that was forked has a name of its own."""

    def __init__(self) -> None:
        self.begin_anew()
        os.register_at_fork(after_in_child=self.begin_anew)

    def begin_anew(self) -> None:
        self.name = secrets.token_hex(4)


worker = Worker()


def text(more: Iterable[Collector] = ()) -> bytes:
    """All that was counted, and what `more` look at now, each with this process's name."""
    return generate_latest(_Named([registry, *more]))


class _Named(CollectorRegistry):
    """Other collectors' figures with the label `worker`."""

    def __init__(self, others: Iterable[Collector]) -> None:
        super().__init__()
        self.others = others

    def collect(self) -> Iterator[Metric]:
        for other in self.others:
            for metric in other.collect():
                named = Metric(metric.name, metric.documentation, metric.type, metric.unit)
                # When a figure was begun to be counted is as many lines again, and nobody's question.
                for sample in [each for each in metric.samples if not each.name.endswith("_created")]:
                    named.samples.append(sample._replace(labels={"worker": worker.name, **sample.labels}))
                yield named
