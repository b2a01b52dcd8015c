"""What this process counts and how fresh it is, for Prometheus."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from portal.gateway.answers import Refusal
from portal.gateway.following import Follower
from portal.gateway.tally import Tally
from portal.gateways.figures import figures_of
from portal.verifier.proving import Prover
from portal.verifier.reasons import Reason

ALLOWED = "allowed"


class Metrics:
    """One process's figures. Its worker's name tells it from the others behind the same listener."""

    def __init__(self, worker: str, follower: Follower, prover: Prover, tally: Tally) -> None:
        self._registry, self._tally, self._passed = CollectorRegistry(), tally, 0
        self._registry.register(_State(worker, follower, prover))
        counter = self._counter("portal_decisions", "Decisions by their reason.", "reason")
        refused = self._counter("portal_refusals", "Questions not looked at.", "code")
        # Looked up beforehand: it costs more than the counting.
        self._allowed = counter.labels(worker, ALLOWED)
        self.reasons = {reason: counter.labels(worker, reason.value) for reason in Reason}
        self.refusals = {refusal: refused.labels(worker, refusal.value) for refusal in Refusal}

    def _counter(self, name: str, says: str, label: str) -> Counter:
        return Counter(name, says, ["worker", label], registry=self._registry)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        # What passed is counted already, and another count would be felt by every call.
        passed = self._tally.total
        self._allowed.inc(passed - self._passed)
        self._passed = passed
        return generate_latest(self._registry)


class _State(Collector):
    """What is looked at only when somebody asks."""

    def __init__(self, worker: str, follower: Follower, prover: Prover) -> None:
        self.worker, self.follower, self.prover = worker, follower, prover

    def collect(self) -> Iterator[Metric]:
        follower = self.follower
        refusal = follower.refusal()
        lags = figures_of(list(follower.lags))
        yield self._gauge("portal_ready", "Whether calls are decided.", float(refusal is None))
        yield self._gauge("portal_cut_off", "Whether the database is away for too long.", refusal is Refusal.CUT_OFF)
        yield self._gauge("portal_seconds_behind", "Since all was as the database had it.", follower.seconds_behind)
        yield self._gauge("portal_version", "The version of the database that is known.", follower.tables.version)
        yield self._gauge("portal_keys", "Key pairs known.", len(follower.tables.keys))
        yield self._gauge("portal_rows_loaded", "Rows read by the present loading.", follower.rows_loaded)
        yield self._gauge("portal_rows_to_load", "Rows that the present loading has to read.", follower.rows_to_load)
        yield self._gauge("portal_tokens_remembered", "Signatures that need no second look.", len(self.prover))
        lag = GaugeMetricFamily(
            "portal_change_lag_seconds", "From a change's commit to its effect here.", labels=["worker", "quantile"]
        )
        for quantile, milliseconds in ((0.5, lags.p50_ms), (0.99, lags.p99_ms), (1.0, lags.max_ms)):
            if milliseconds is not None:
                lag.add_metric([self.worker, str(quantile)], milliseconds / 1000)
        yield lag

    def _gauge(self, name: str, says: str, value: float) -> GaugeMetricFamily:
        family = GaugeMetricFamily(name, says, labels=["worker"])
        family.add_metric([self.worker], value)
        return family
