"""The HTTP API: acts are resources, questions are GETs, and nobody is anonymous."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from commands.command import utc_now
from projections.projector import Freshness
from services.api.acting import Act
from services.api.clocks import clock_acts, clock_questions
from services.api.describing import describe
from services.api.front import Front
from services.api.lead_acts import lead_acts
from services.api.leads import lead_questions
from services.api.ledger import ledger_questions
from services.api.notices import callbacks, notice_acts, notice_questions
from services.api.operations import operations, public
from services.api.organisation import organisation_acts, organisation_questions
from services.api.policies import policy_acts, policy_questions
from services.api.problems import tell_problems
from services.api.queues import queue_questions
from services.api.reading import LONGEST_WAIT_SECONDS
from services.bookkeeping import Bookkeeper
from services.callers import Callers, standing
from services.settings import Settings, as_role
from services.wiring import open_office

OBJECTS_AND_ROUNDS_BETWEEN_SWEEPS = (10_000, 20, 100)
ROUTERS = (
    lead_acts.router,
    clock_acts.router,
    lead_questions.router,
    clock_questions.router,
    queue_questions.router,
    ledger_questions.router,
    organisation_acts.router,
    organisation_questions.router,
    policy_acts.router,
    policy_questions.router,
    notice_acts.router,
    notice_questions.router,
    operations.router,
    callbacks,
    public,
)


def create_app(settings: Settings | None = None, now: Callable[[], datetime] = utc_now) -> Front:
    """The API over the database that the settings name, by this clock; it connects when it starts."""
    settings = settings or Settings()
    dsn = as_role(settings.dsn, "leadledger_desk")

    @asynccontextmanager
    async def open_and_close(app: Front) -> AsyncIterator[None]:
        async with open_office(settings, now=now) as office, Freshness(dsn) as freshness:
            app.state.office = office
            app.state.freshness = freshness
            app.state.bookkeeper = Bookkeeper(office.log)
            app.state.callers = Callers(office.credentials, standing(office.questions))
            # What is there now stays: there is no use in looking for garbage in it again and again.
            # Nor in what the desk remembers: a look through a hundred thousand leads keeps everybody waiting.
            gc.collect()
            gc.freeze()
            gc.set_threshold(*OBJECTS_AND_ROUNDS_BETWEEN_SWEEPS)
            yield

    # The pages that FastAPI offers for reading /openapi.json load their scripts from elsewhere: none are served.
    app = Front(
        title="Leadledger",
        version="0.1.0",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
        lifespan=open_and_close,
    )
    app.state.dsn = dsn
    app.state.schema_checked = False
    app.state.public_url = settings.public_url.rstrip("/") if settings.public_url else None
    app.state.sms_token = settings.sms_token.get_secret_value() if settings.sms_token else None
    app.state.longest_wait_seconds = LONGEST_WAIT_SECONDS
    for router in ROUTERS:
        # As they are: including them would put a second matching before each.
        app.router.routes.extend(router.routes)
    for route in app.routes:
        if isinstance(route, Act):
            app.learn(route)
    tell_problems(app)
    describe(app)
    return app
