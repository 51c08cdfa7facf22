"""Who is asking, and whether they may: what an endpoint writes into its signature."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import replace
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar

from fastapi import Depends, Path, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from psycopg import AsyncConnection

from commands.command import LEAD, CalendarName, NothingThere, PersonName, PolicyName, SourceName, TeamName
from domain.access import THE_DESK, Action, OfLead, OfPerson, OfTeam, Principal, Resource, may
from domain.identity import LeadId, PersonId, lead_stream
from domain.lead.standing import LeadUnknown
from projections import leads, organisation
from services.api.problems import KeyNeeded
from services.api.receiving import Headers
from services.callers import Callers
from services.wiring import Office

P = ParamSpec("P")
T = TypeVar("T")

LEAD_ID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"

LeadInPath = Annotated[LeadId, Path(pattern=LEAD_ID, description="The lead's id, as every answer spells it.")]
PersonInPath = Annotated[PersonName, Path(description="A person's name on record, a pseudonym.")]
CalendarInPath = Annotated[CalendarName, Path(description="A calendar's name on record.")]
PolicyInPath = Annotated[PolicyName, Path(description="A policy's name on record.")]
TeamInPath = Annotated[TeamName, Path(description="A team's name on record.")]
SourceInPath = Annotated[SourceName, Path(description="A source's name on record.")]


async def identified(callers: Callers, headers: Headers) -> Principal:
    """Whoever holds the key that the request came with. Raises KeyNeeded."""
    scheme, _, key = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    caller = await callers.who(key.strip()) if scheme.lower() == "bearer" else None
    if caller is None:
        raise KeyNeeded
    return caller


class Asked(APIRoute):
    """A question's route: it finds out who is calling before anything else."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Identify, then answer. An unknown parameter is told: who writes `as_off` must not be answered as of now."""
        answer = super().get_route_handler()
        known = frozenset(_parameters(self.dependant))

        async def identify_and_answer(request: Request) -> Response:
            headers = dict(request.scope["headers"])
            request.scope["caller"] = await identified(request.app.state.callers, headers)
            if unknown := request.query_params.keys() - known:
                raise RequestValidationError(
                    [{"type": "extra_forbidden", "loc": ("query", name), "msg": ""} for name in sorted(unknown)]
                )
            return await answer(request)

        return identify_and_answer


def _parameters(dependant: Dependant) -> Iterator[str]:
    yield from (parameter.alias for parameter in dependant.query_params)
    for needed in dependant.dependencies:
        yield from _parameters(needed)


class Asks:
    """Asks one question at a time, each on a connection that it gives back at once."""

    def __init__(self, office: Office) -> None:
        self.office = office

    async def __call__(
        self, question: Callable[Concatenate[AsyncConnection[Any], P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The answer. Nobody waits for a connection while holding another."""
        async with self.office.questions.connection() as connection:
            return await question(connection, *args, **kwargs)


async def the_caller(request: Request) -> Principal:
    """Whoever holds the key; the route found out before anything was read."""
    caller: Principal = request.scope["caller"]
    return caller


async def the_office(request: Request) -> Office:
    """Where wishes go and questions are asked."""
    office: Office = request.app.state.office
    return office


async def one_who_asks(request: Request) -> Asks:
    """Whoever looks the answers up."""
    return Asks(request.app.state.office)


Caller = Annotated[Principal, Depends(the_caller)]
AnOffice = Annotated[Office, Depends(the_office)]
Question = Annotated[Asks, Depends(one_who_asks)]


async def of_the_desk() -> OfTeam:
    """What is the whole desk's."""
    return THE_DESK


async def of_me(caller: Caller) -> OfPerson:
    """What is the caller's own."""
    return OfPerson(PersonId(caller.id), caller.team)


async def of_person(person: PersonInPath, ask: Question) -> OfPerson | None:
    """What is this person's."""
    found = await ask(organisation.person, person)
    return found and OfPerson(found.person, found.team)


async def of_team(team: TeamInPath, ask: Question) -> OfTeam | None:
    """What is this team's."""
    found = await ask(organisation.team, team)
    return found and OfTeam(found.team)


async def of_source(source: SourceInPath, ask: Question) -> OfTeam | None:
    """What is this source's; sources are the whole desk's."""
    found = await ask(organisation.source, source)
    return found and THE_DESK


async def of_lead(lead_id: LeadInPath, caller: Caller, ask: Question) -> OfLead | None:
    """This lead, as it is now: who had it at another time may see it no more."""
    found = (await ask(leads.whose, [lead_id])).get(lead_id)
    if found is None:
        return None
    lead = OfLead(*found)
    offered = replace(lead, offered=True)
    # Only to a team-mate of its owner does it matter whether it is on offer.
    if may(caller, "lead.see", lead) or not may(caller, "lead.see", offered):
        return lead
    state, _ = await ask.office.desk.state(LEAD, lead_stream(lead_id))
    return offered if state.open and state.offered else lead


def allowed(action: Action, of_what: Callable[..., Awaitable[Resource | None]]) -> Any:
    """The caller, if they may do this to that; else it is as if it did not exist."""
    unknown = LeadUnknown if of_what is of_lead else NothingThere

    async def check(caller: Caller, what: Any) -> Principal:
        if what is None or not may(caller, action, what):
            raise unknown
        return caller

    check.__annotations__["caller"] = Caller
    check.__annotations__["what"] = Annotated[Any, Depends(of_what)]
    check.__dict__["action"] = action
    return Depends(check)
