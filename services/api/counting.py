"""What Prometheus is told: how many requests of which kind, how long they took, and how much was put on record."""

from __future__ import annotations

import os
import time

from fastapi.responses import Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS = Counter("leadledger_requests", "Requests answered.", ["method", "route", "status"])
DURATIONS = Histogram("leadledger_request_seconds", "From request to answer.", ["method", "route"], buckets=SECONDS)
EVENTS = Counter("leadledger_events_appended", "Events put on record through this API.")
REFUSALS = Counter("leadledger_refusals", "Requests that the domain declined, by the refusal's name.", ["refusal"])


class Counted:
    """Counts every request under its route, never under its path: a path holds ids."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.seen: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count it when it is answered."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def noting_the_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting_the_status)
        finally:
            self._count(scope, status, time.perf_counter() - began)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "(none)")
        method = scope["method"] if scope["method"] in METHODS else "(other)"
        counted = self.seen.get((method, route, status))
        if counted is None:
            counted = REQUESTS.labels(method, route, str(status)), DURATIONS.labels(method, route)
            self.seen[method, route, status] = counted
        counted[0].inc()
        counted[1].observe(seconds)


def exposition(log_head: int, lags: dict[str, int], parked: dict[str, int]) -> Response:
    """All of it in Prometheus' own form; several workers are added up where PROMETHEUS_MULTIPROC_DIR names a folder."""
    now = CollectorRegistry()
    Gauge("leadledger_log_head", "The last position of the log.", registry=now).set(log_head)
    lag = Gauge("leadledger_projection_lag", "Events that a projection has not read yet.", ["projection"], registry=now)
    held = Gauge("leadledger_streams_parked", "Streams that a projection has parked.", ["projection"], registry=now)
    for projection, events in lags.items():
        lag.labels(projection).set(events)
    for projection, streams in parked.items():
        held.labels(projection).set(streams)
    return Response(_counters() + generate_latest(now), media_type=CONTENT_TYPE_LATEST)


def _counters() -> bytes:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest()
    together = CollectorRegistry()
    multiprocess.MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return generate_latest(together)
