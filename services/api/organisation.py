"""People, teams, the desk and sources: what can be done to them, and who and what there is."""

from __future__ import annotations

from typing import Annotated

from commands.command import PERSON, NothingThere
from commands.people import AddPerson, MovePerson, RemovePerson
from commands.seat import EntrustDesk
from commands.sources import RegisterSource, RetireSource
from commands.teams import EntrustTeam, FormTeam, PlaceTeam
from domain.access import Principal
from domain.identity import DESK, PersonId, Position, SourceId, TeamId, person_stream, source_stream, team_stream
from projections import organisation
from services.api.acting import ADesk
from services.api.answers import (
    DeskReceipt,
    DeskTold,
    People,
    PersonLine,
    PersonReceipt,
    PersonTold,
    ProfileTold,
    SourceLine,
    SourceReceipt,
    Sources,
    TeamLine,
    TeamReceipt,
    Teams,
    TeamTold,
    Timeline,
)
from services.api.asking import (
    AnOffice,
    PersonInPath,
    Question,
    SourceInPath,
    TeamInPath,
    allowed,
    of_person,
    of_source,
    of_team,
    of_the_desk,
)
from services.api.describing import Acts, Questions
from services.api.disclosing import disclosed
from services.api.reading import APage, caught_up
from services.api.telling import AStory

organisation_acts = Acts(tags=["People, teams and sources: acts"])
organisation_questions = Questions(tags=["People, teams and sources: questions"])


@organisation_acts.post("/people")
async def add_person(command: AddPerson, desk: ADesk) -> PersonReceipt:
    """Tell that somebody can be answerable for leads. The id is a pseudonym: it stays on record for ever."""
    return await desk.newcomer(command)


@organisation_acts.post("/people/moves")
async def move_person(command: MovePerson, desk: ADesk) -> PersonReceipt:
    """Tell that somebody changed team."""
    return await desk.person(command)


@organisation_acts.post("/people/departures")
async def remove_person(command: RemovePerson, desk: ADesk) -> PersonReceipt:
    """Tell that somebody left; within two seconds their keys open nothing any more."""
    return await desk.person(command)


@organisation_acts.post("/teams")
async def form_team(command: FormTeam, desk: ADesk) -> TeamReceipt:
    """Tell that there is a team, and which one it stands under."""
    return await desk.team(command)


@organisation_acts.post("/teams/entrustments")
async def entrust_team(command: EntrustTeam, desk: ADesk) -> TeamReceipt:
    """Make one person accountable for the team."""
    return await desk.team(command)


@organisation_acts.post("/teams/placements")
async def place_team(command: PlaceTeam, desk: ADesk) -> TeamReceipt:
    """Put the team under another one, or under none."""
    return await desk.team(command)


@organisation_acts.post("/desk/entrustments")
async def entrust_desk(command: EntrustDesk, desk: ADesk) -> DeskReceipt:
    """Make one person answer for the whole desk: who is told of what reaches nobody else."""
    return await desk.seat(command)


@organisation_acts.post("/sources")
async def register_source(command: RegisterSource, desk: ADesk) -> SourceReceipt:
    """Tell that leads may come from here, and whose queue they wait in."""
    return await desk.source(command)


@organisation_acts.post("/sources/retirements")
async def retire_source(command: RetireSource, desk: ADesk) -> SourceReceipt:
    """Tell that no new leads come from here."""
    return await desk.source(command)


PeopleKnown = Annotated[Position, caught_up("people")]
TeamsKnown = Annotated[Position, caught_up("teams")]
DeskKnown = Annotated[Position, caught_up("desk")]
SourcesKnown = Annotated[Position, caught_up("sources")]


@organisation_questions.get("/people")
async def everybody(
    position: PeopleKnown, caller: Annotated[Principal, allowed("person.see", of_the_desk)], page: APage, ask: Question
) -> People:
    """Who is here, and who was."""
    found = await ask(organisation.everybody, after=page.after(PersonId), limit=page.limit)
    return People(
        position=position,
        next=page.next(found, PersonId, lambda last: last.person),
        items=[PersonLine.model_validate(one) for one in found],
    )


@organisation_questions.get("/people/{person}")
async def one_person(
    position: Annotated[Position, caught_up("people", "teams")],
    caller: Annotated[Principal, allowed("person.see", of_person)],
    person: PersonInPath,
    ask: Question,
) -> PersonTold:
    """One person, and the teams they answer for."""
    found = await ask(organisation.person, person)
    if found is None:
        raise NothingThere
    below = await ask(organisation.line_below, person)
    return PersonTold(position=position, answers_for=sorted(below), **found._asdict())


@organisation_questions.get("/people/{person}/profile")
async def profile_of_a_person(
    position: Annotated[Position, caught_up("people", "teams")],
    caller: Annotated[Principal, allowed("person.see_profile", of_person)],
    person: PersonInPath,
    office: AnOffice,
) -> ProfileTold:
    """Who somebody is and how to reach them, as it was told last: for themselves, their managers, and admins."""
    state, _ = await office.desk.state(PERSON, person_stream(person))
    if state.profile is None:
        return ProfileTold(person=person, profile=None, state=None)
    (profile,) = await disclosed(office.vault, [state.profile])
    return ProfileTold(person=person, profile=profile.fields, state=profile.state)


@organisation_questions.get("/people/{person}/timeline")
async def timeline_of_a_person(
    position: Annotated[Position, caught_up("timeline", "people", "teams")],
    caller: Annotated[Principal, allowed("person.see", of_person)],
    person: PersonInPath,
    story: AStory,
) -> Timeline:
    """When somebody joined, moved and left, and who put it on record."""
    return await story(person_stream(person), position)


@organisation_questions.get("/teams")
async def every_team(
    position: TeamsKnown, caller: Annotated[Principal, allowed("team.see", of_the_desk)], page: APage, ask: Question
) -> Teams:
    """Which teams there are, and who answers for them."""
    found = await ask(organisation.every_team, after=page.after(TeamId), limit=page.limit)
    return Teams(
        position=position,
        next=page.next(found, TeamId, lambda last: last.team),
        items=[TeamLine.model_validate(one) for one in found],
    )


@organisation_questions.get("/teams/{team}")
async def one_team(
    position: TeamsKnown,
    caller: Annotated[Principal, allowed("team.see", of_team)],
    team: TeamInPath,
    ask: Question,
) -> TeamTold:
    """One team."""
    found = await ask(organisation.team, team)
    if found is None:
        raise NothingThere
    return TeamTold(position=position, **found._asdict())


@organisation_questions.get("/teams/{team}/timeline")
async def timeline_of_a_team(
    position: Annotated[Position, caught_up("timeline", "teams")],
    caller: Annotated[Principal, allowed("team.see", of_team)],
    team: TeamInPath,
    story: AStory,
) -> Timeline:
    """When the team was formed and placed, who answered for it when, and who put it on record."""
    return await story(team_stream(team), position)


@organisation_questions.get("/desk")
async def the_desk(
    position: DeskKnown, caller: Annotated[Principal, allowed("team.see", of_the_desk)], ask: Question
) -> DeskTold:
    """Who answers for the whole desk."""
    found = await ask(organisation.seat)
    return DeskTold(position=position, accountable=found and found.accountable, since=found and found.since)


@organisation_questions.get("/desk/timeline")
async def timeline_of_the_desk(
    position: Annotated[Position, caught_up("timeline")],
    caller: Annotated[Principal, allowed("team.see", of_the_desk)],
    story: AStory,
) -> Timeline:
    """Who answered for the whole desk when, and who put it on record."""
    return await story(DESK, position)


@organisation_questions.get("/sources")
async def every_source(
    position: SourcesKnown, caller: Annotated[Principal, allowed("source.see", of_the_desk)], page: APage, ask: Question
) -> Sources:
    """Where leads come from."""
    found = await ask(organisation.every_source, after=page.after(SourceId), limit=page.limit)
    return Sources(
        position=position,
        next=page.next(found, SourceId, lambda last: last.source),
        items=[SourceLine.model_validate(one) for one in found],
    )


@organisation_questions.get("/sources/{source}/timeline")
async def timeline_of_a_source(
    position: Annotated[Position, caught_up("timeline", "sources")],
    caller: Annotated[Principal, allowed("source.see", of_source)],
    source: SourceInPath,
    story: AStory,
) -> Timeline:
    """When the source was registered and retired, for which team, and who put it on record."""
    return await story(source_stream(source), position)
