"""Calendars, policies and rules through the API: set, refused with the field that is wrong, asked for, tried out."""

from datetime import UTC, datetime
from typing import Any

import pytest

from commands.calendars import ExceptDays, RestoreDays, SetCalendar, TakeHolidays
from commands.policies import OrderRules, SetPolicy
from services.api.examples import BODIES
from tests.services.api.world import CLOCKS, DAY, ESCALATE, OFFICE_HOURS, REMIND, WEEK, World

OFFICE = {"calendar": "office", "zone": "Europe/Vienna", "week": WEEK}
QUICK = {"policy": "quick", "calendar": "office", "clocks": CLOCKS}
LATER = "2126-01-01T00:00:00Z"
CHRISTMAS = "2126-12-25"


@pytest.fixture(autouse=True)
async def governed(world: World) -> None:
    await world.govern(OFFICE_HOURS)


def holidays(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""])


def an_event(*lines: str) -> tuple[str, ...]:
    return ("BEGIN:VEVENT", *lines, "END:VEVENT")


def clock(**changes: Any) -> dict[str, Any]:
    return QUICK | {"clocks": {"first_response": CLOCKS["first_response"] | changes}}


async def test_a_calendar_is_told_as_it_was_set(world: World) -> None:
    short = {"day": "2126-12-24", "hours": [{"opens": "09:00", "closes": "12:00"}], "called": "christmas-eve"}
    await world.done("admin", "/calendars/exceptions", {"calendar": "office", "days": [{"day": CHRISTMAS}, short]})
    await world.done("admin", "/calendars", OFFICE | {"zone": "UTC", "effective_from": LATER})
    told = (await world.see("rep", "/calendars/office")).json()
    assert (told["version"], told["days"]) == (3, [short, {"day": CHRISTMAS, "hours": [], "called": None}])
    assert [(one["zone"], one["week"]) for one in told["settings"]] == [
        (zone, WEEK | {"saturday": [], "sunday": []}) for zone in ("Europe/Vienna", "UTC")
    ]
    assert told["settings"][1]["effective_from"] == LATER
    restored = await world.done("admin", "/calendars/restorations", {"calendar": "office", "days": [CHRISTMAS]})
    assert (restored["calendar"], restored["version"], restored["events"]) == ("office", 4, ["DaysRestored.v1"])
    assert (await world.see("manager", "/calendars/office")).json()["days"] == [short]
    listed = (await world.see("auditor", "/calendars")).json()["items"]
    assert listed == [{"calendar": "office", "version": 4, "settings": told["settings"]}]


async def test_a_policy_is_told_in_all_its_versions(world: World) -> None:
    clocks = {"reply": {"target_minutes": 90, "unit": "elapsed_minutes"}}
    changed = await world.done(
        "admin",
        "/policies",
        {"policy": "quick", "clocks": clocks, "effective_from": LATER, "snooze_at_most_minutes": 5},
    )
    assert (changed["policy"], changed["version"], changed["events"]) == ("quick", 2, ["PolicySet.v1"])
    await world.done("admin", "/policies", {"policy": "calm", "clocks": clocks, "effective_from": LATER})
    first, second = (await world.see("rep", "/policies/quick")).json()["versions"]
    assert (first["version"], first["standing"], first["calendar"]) == (1, "in_force", "office")
    assert (first["set_by"], first["clocks"]["first_response"]["rungs"][0]["unit"]) == ("admin-1", "business_minutes")
    assert (second["version"], second["standing"], second["calendar"]) == (2, "scheduled", None)
    assert (second["effective_from"], second["snooze_at_most_minutes"]) == (LATER, 5)
    then = (await world.see("rep", "/policies/quick", as_of=LATER)).json()["versions"]
    assert [one["standing"] for one in then] == ["past", "in_force"]
    before = (await world.see("rep", "/policies/quick", as_of="2000-01-01T00:00:00Z")).json()["versions"]
    assert [one["standing"] for one in before] == ["scheduled", "scheduled"]

    async def listed(**parameters: Any) -> list[tuple[str, int, str]]:
        items = (await world.see("rep", "/policies", **parameters)).json()["items"]
        return [(one["policy"], one["version"], one["standing"]) for one in items]

    assert await listed() == [("calm", 1, "scheduled"), ("quick", 1, "in_force")]
    assert await listed(as_of=LATER) == [("calm", 1, "in_force"), ("quick", 2, "in_force")]
    assert await listed(as_of="2000-01-01T00:00:00Z") == []
    page = (await world.see("rep", "/policies", limit=1)).json()
    assert (page["items"][0]["policy"], page["next"] is None) == ("calm", False)
    rest = (await world.get("rep", "/policies", limit=1, cursor=page["next"])).json()
    assert rest["items"][0]["policy"] == "quick"


async def test_what_is_told_of_a_policy_can_be_handed_in_again(world: World) -> None:
    (told,) = (await world.see("admin", "/policies/quick")).json()["versions"]
    again = {name: told[name] for name in ("policy", "calendar", "clocks", "snooze_at_most_minutes")}
    answer = await world.post("admin", "/policies", again)
    assert (answer.status_code, answer.json()["events"]) == (200, [])
    (setting,) = (await world.see("admin", "/calendars/office")).json()["settings"]
    again = {name: setting[name] for name in ("zone", "week", "effective_from")}
    answer = await world.post("admin", "/calendars", {"calendar": "office", **again})
    assert (answer.status_code, answer.json()["events"]) == (200, [])


async def test_rules_are_told_in_their_order(world: World) -> None:
    rules = [{"policy": "quick", "source": "website", "team": "north", "priority": "high"}, {"policy": "quick"}]
    await world.done("admin", "/rulebook", {"rules": rules, "effective_from": LATER})
    told = (await world.see("rep", "/rulebook")).json()
    assert [rule["policy"] for rule in told["in_force"]["rules"]] == ["quick"]
    (to_come,) = told["to_come"]
    assert to_come["rules"] == [rules[0], {"policy": "quick", "source": None, "team": None, "priority": None}]
    then = (await world.see("rep", "/rulebook", as_of=LATER)).json()
    assert (then["in_force"], then["to_come"]) == (to_come, [])
    before = (await world.see("rep", "/rulebook", as_of="2000-01-01T00:00:00Z")).json()
    assert (before["in_force"], len(before["to_come"])) == (None, 2)


async def test_what_was_scheduled_is_taken_back_by_a_later_word(world: World) -> None:
    calm = QUICK | {"snooze_at_most_minutes": 5, "effective_from": LATER}
    await world.done("admin", "/policies", calm)
    await world.done("admin", "/policies", QUICK | {"snooze_at_most_minutes": 7})
    versions = (await world.see("rep", "/policies/quick", as_of=LATER)).json()["versions"]
    assert [(one["version"], one["standing"]) for one in versions] == [(1, "past"), (2, "superseded"), (3, "in_force")]
    assert (await world.see("rep", "/policies/quick/trial", start=LATER)).json()["version"] == 3

    await world.done("admin", "/calendars", OFFICE | {"zone": "UTC", "effective_from": LATER})
    assert [one["standing"] for one in (await world.see("rep", "/calendars/office")).json()["settings"]] == [
        "in_force",
        "scheduled",
    ]
    await world.done("admin", "/calendars", OFFICE)
    (office,) = (await world.see("rep", "/calendars")).json()["items"]
    assert [one["standing"] for one in office["settings"]] == ["past", "superseded", "in_force"]

    await world.done("admin", "/rulebook", {"rules": [], "effective_from": LATER})
    await world.done("admin", "/rulebook", {"rules": [{"policy": "quick"}]})
    told = (await world.see("rep", "/rulebook")).json()
    assert (told["in_force"]["version"], told["to_come"]) == (3, [])


async def test_why_something_would_be_due_then(world: World) -> None:
    await world.done("admin", "/calendars/exceptions", {"calendar": "office", "days": [{"day": "2126-03-07"}]})
    # In winter, Vienna is an hour ahead of UTC: it is a quarter to five, on the evening before a holiday.
    told = (await world.see("rep", "/policies/quick/trial", start="2126-03-06T15:45:00Z")).json()
    assert (told["policy"], told["version"], told["calendar"], told["calendar_version"]) == ("quick", 1, "office", 2)
    assert (told["zone"], told["start"]) == ("Europe/Vienna", "2126-03-06T15:45:00Z")
    (clock,) = told["clocks"]
    assert (clock["clock"], clock["target_minutes"], clock["unit"]) == ("first_response", 60, "business_minutes")
    assert (clock["respond_by"], clock["on_the_wall"]) == ("2126-03-08T08:45:00Z", "2126-03-08T09:45:00+01:00")
    assert [(rung["rung"], rung["deed"], rung["whom"], rung["on_the_wall"]) for rung in clock["rungs"]] == [
        (1, "remind", "owner", "2126-03-08T09:30:00+01:00"),
        (2, "escalate", "accountable", "2126-03-08T09:45:00+01:00"),
    ]


async def test_a_policy_is_tried_by_the_version_that_holds_then(world: World) -> None:
    clocks = {"reply": {"target_minutes": 90, "unit": "elapsed_minutes"}}
    await world.done("admin", "/policies", {"policy": "quick", "clocks": clocks, "effective_from": LATER})
    told = (await world.see("rep", "/policies/quick/trial", start=LATER)).json()
    assert (told["version"], told["calendar"], told["calendar_version"], told["zone"]) == (2, None, None, "UTC")
    assert told["clocks"][0]["on_the_wall"] == "2126-01-01T01:30:00+00:00"
    early = await world.see("rep", "/policies/quick/trial", start="2000-01-01T00:00:00Z")
    assert (early.status_code, early.json()["type"]) == (422, "/problems/policy-is-not-in-force")
    for start, status in (("9999-12-31T00:00:00Z", 422), ("0001-01-01T00:00:00Z", 422), ("monday", 422)):
        answer = await world.see("rep", "/policies/quick/trial", start=start)
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (status, "query.start")


async def test_a_trial_says_when_the_calendar_has_changed_so_that_nothing_is_ever_due(world: World) -> None:
    rarely = {"sunday": [{"opens": "00:00", "closes": "00:01"}]}
    target = {"reply": {"target_minutes": 60 * 60, "unit": "business_minutes"}}
    await world.done("admin", "/policies", {"policy": "long", "calendar": "office", "clocks": target})
    await world.done("admin", "/calendars", OFFICE | {"week": rarely, "effective_from": LATER})
    answer = await world.see("rep", "/policies/long/trial", start=LATER)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/nothing-is-worked")


async def test_what_is_not_on_record_is_not_there(world: World) -> None:
    for path in ("/calendars/moon", "/policies/moon", "/policies/moon/trial"):
        assert (await world.see("rep", path)).json()["type"] == "/problems/nothing-there"


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("/calendars", OFFICE | {"zone": "Europe/Atlantis"}, "zone-unknown", "body.zone"),
    ("/calendars", OFFICE | {"week": {}}, "nobody-ever-works", "body.week"),
    (
        "/calendars",
        OFFICE | {"week": {"tuesday": [*DAY, {"opens": "16:59", "closes": "18:00"}]}},
        "hours-overlap",
        "body.week.tuesday",
    ),
    (
        "/calendars",
        OFFICE | {"week": {"sunday": [{"opens": "17:00", "closes": "09:00"}]}},
        "hours-are-outside-the-day",
        "body.week.sunday",
    ),
    (
        "/calendars/exceptions",
        {"calendar": "office", "days": [{"day": CHRISTMAS, "hours": DAY + DAY}]},
        "hours-overlap",
        "body.days",
    ),
    ("/calendars/exceptions", {"calendar": "office", "days": [{"day": "2020-01-01"}]}, "day-is-past", "body.days"),
    ("/calendars/exceptions", {"calendar": "moon", "days": []}, "calendar-unknown", "body.calendar"),
    ("/policies", QUICK | {"calendar": "moon"}, "calendar-unknown", "body.calendar"),
    ("/policies", QUICK | {"calendar": None}, "calendar-is-needed", "body.calendar"),
    ("/policies", clock(target_minutes=0), "target-is-out-of-range", "body.clocks.first_response.target_minutes"),
    ("/policies", clock(target_minutes=10**9), "target-is-out-of-range", "body.clocks.first_response.target_minutes"),
    (
        "/policies",
        clock(rungs=[ESCALATE, REMIND]),
        "rungs-are-out-of-order",
        "body.clocks.first_response.rungs.1.offset_minutes",
    ),
    (
        "/policies",
        clock(rungs=[REMIND | {"offset_minutes": -61}]),
        "rung-comes-before-the-clock",
        "body.clocks.first_response.rungs.0.offset_minutes",
    ),
    (
        "/policies",
        clock(rungs=[REMIND, ESCALATE | {"offset_minutes": 10**9}]),
        "rung-is-too-far-off",
        "body.clocks.first_response.rungs.1.offset_minutes",
    ),
    (
        "/policies",
        clock(rungs=[ESCALATE | {"whom": "owner"}]),
        "rung-tells-the-wrong-person",
        "body.clocks.first_response.rungs.0",
    ),
    ("/policies", clock(rungs=[ESCALATE] * 21), "too-many-rungs", "body.clocks.first_response.rungs"),
    ("/policies", QUICK | {"snooze_at_most_minutes": -1}, "snooze-is-out-of-range", "body.snooze_at_most_minutes"),
    (
        "/policies",
        clock(rungs=[REMIND, ESCALATE | {"whom": "seat", "seat": "moon"}]),
        "person-unknown",
        "body.clocks.first_response.rungs.1.seat",
    ),
    ("/rulebook", {"rules": [{"policy": "moon"}]}, "policy-unknown", "body.rules.0.policy"),
    (
        "/rulebook",
        {"rules": [{"policy": "quick"}, {"policy": "quick", "source": "moon"}]},
        "source-unknown",
        "body.rules.1.source",
    ),
    ("/rulebook", {"rules": [{"policy": "quick", "team": "moon"}]}, "team-unknown", "body.rules.0.team"),
]


async def test_what_is_refused_says_why_and_names_the_field(world: World) -> None:
    head = await world.head()
    for path, body, name, field in REFUSED:
        answer = await world.post("admin", path, body)
        told = answer.json()
        assert (answer.status_code, told["type"]) == (422, f"/problems/{name}"), (body, told)
        assert [error["path"] for error in told["errors"]] == [field], told
        assert told["detail"].startswith(told["errors"][0]["problem"].rstrip(".")), told
        assert told["errors"][0]["advice"]
        assert "(unknown)" not in told["detail"]
    assert await world.head() == head


async def test_a_target_that_can_never_be_met_is_refused(world: World) -> None:
    rarely = {"sunday": [{"opens": "00:00", "closes": "00:01"}]}
    await world.done("admin", "/calendars", {"calendar": "rarely", "zone": "UTC", "week": rarely})
    answer = await world.post("admin", "/policies", clock(target_minutes=3_000) | {"calendar": "rarely"})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/target-is-never-reached")
    (error,) = answer.json()["errors"]
    assert error["path"] == "body.clocks.first_response.target_minutes"
    assert error["advice"] == "Give it more."


async def test_the_past_is_not_rewritten(world: World) -> None:
    past = {"effective_from": "2020-01-01T00:00:00Z"}
    for path, body in (
        ("/calendars", OFFICE | past | {"zone": "UTC"}),
        ("/policies", QUICK | past | {"snooze_at_most_minutes": 1}),
        ("/rulebook", {"rules": [], **past}),
    ):
        answer = await world.post("admin", path, body)
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (409, "body.effective_from"), answer.text


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/calendars", OFFICE | {"colour": "red"}, "body.colour"),
        ("/calendars", OFFICE | {"week": {"moonday": []}}, "body.week.moonday"),
        ("/calendars", OFFICE | {"week": {"monday": [{"opens": "9", "closes": "17:00"}]}}, "body.week.monday.0.opens"),
        ("/calendars", OFFICE | {"week": [DAY]}, "body.week"),
        ("/calendars", OFFICE | {"zone": "ada@example.com"}, "body.zone"),
        ("/calendars", OFFICE | {"effective_from": "9999-01-01T00:00:00Z"}, "body.effective_from"),
        ("/calendars/exceptions", {"calendar": "office", "days": [{"day": "2126-02-30"}]}, "body.days.0.day"),
        (
            "/calendars/exceptions",
            {"calendar": "office", "days": [{"day": CHRISTMAS, "called": "Ada's Birthday"}]},
            "body.days.0.called",
        ),
        ("/calendars/restorations", {"calendar": "office", "days": [20261225]}, "body.days.0"),
        ("/policies", QUICK | {"clocks": {"first": {}}}, "body.clocks.first"),
        ("/policies", clock(unit="days"), "body.clocks.first_response.unit"),
        ("/policies", clock(rungs=[{"deed": "shout", "offset_minutes": 0}]), "body.clocks.first_response.rungs.0.deed"),
        ("/policies", QUICK | {"at": "0001-01-01T00:00:00Z"}, "body.at"),
        ("/rulebook", {"rules": [{"policy": "quick", "priority": "urgent"}]}, "body.rules.0.priority"),
        ("/rulebook", {}, "body.rules"),
    ],
)
async def test_every_body_names_its_fields(world: World, path: str, body: dict[str, Any], field: str) -> None:
    answer = await world.post("admin", path, body)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/request-is-invalid"), answer.text
    assert field in {error["path"] for error in answer.json()["errors"]}, answer.text
    assert "ada" not in answer.text.lower()


async def test_holidays_come_from_a_file_and_may_come_again(world: World) -> None:
    year = datetime.now(UTC).year + 1
    by_hand = {"day": f"{year}-12-24", "hours": DAY, "called": "heiligabend"}
    await world.done("admin", "/calendars/exceptions", {"calendar": "office", "days": [by_hand]})
    file = holidays(
        *an_event(f"DTSTART;VALUE=DATE:{year}1224", f"DTEND;VALUE=DATE:{year}1227", "SUMMARY:Weihnachten"),
        *an_event("DTSTART;VALUE=DATE:19980101", "RRULE:FREQ=YEARLY", "SUMMARY:New Year's Day"),
        *an_event(f"DTSTART:{year}0101T120000Z", "SUMMARY:Lunch"),
    )
    taken = (await world.hand_in("admin", "/calendars/office/holidays", file)).json()
    assert (taken["calendar"], taken["events"]) == ("office", ["DaysExcepted.v1"])
    days = (await world.see("rep", "/calendars/office")).json()["days"]
    assert by_hand in days
    assert {"day": f"{year}-12-26", "hours": [], "called": "weihnachten"} in days
    assert {"day": f"{year}-01-01", "hours": [], "called": "new-years-day"} in days
    assert not any(one["day"] < f"{year - 1}-01-02" for one in days)
    again = await world.hand_in("admin", "/calendars/office/holidays", file)
    assert (again.status_code, again.json()["events"]) == (200, [])
    once = {"Idempotency_Key": "holidays", "Content_Type": "text/calendar; charset=utf-8"}
    first = await world.hand_in("admin", "/calendars/office/holidays", file, **once)
    repeated = await world.hand_in("admin", "/calendars/office/holidays", file, **once)
    assert repeated.json()["command_id"] == first.json()["command_id"]


@pytest.mark.parametrize(
    ("calendar", "file", "status", "problem", "said"),
    [
        ("office", "hello", 422, "holidays-are-unreadable", "it must begin with BEGIN:VCALENDAR"),
        ("office", "", 422, "holidays-are-unreadable", "there is no event in it"),
        ("office", holidays(*an_event("DTSTART:20261225T10Z")), 422, "holidays-are-unreadable", "(line 3)"),
        ("moon", holidays(*an_event("DTSTART:20261225")), 422, "calendar-unknown", "No calendar called moon"),
        ("MOON", holidays(), 422, "request-is-invalid", "see errors"),
        ("{calendar}", holidays(), 422, "request-is-invalid", "see errors"),
        ("office", holidays() + "x" * 1_000_000, 413, "body-is-too-large", "one million bytes"),
    ],
)
async def test_a_file_that_cannot_be_taken_is_refused(
    world: World, calendar: str, file: str, status: int, problem: str, said: str
) -> None:
    head = await world.head()
    answer = await world.hand_in("admin", f"/calendars/{calendar}/holidays", file)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{problem}"), answer.text
    assert said in answer.json()["detail"]
    if problem == "holidays-are-unreadable":
        assert [error["path"] for error in answer.json()["errors"]] == ["body"]
    assert await world.head() == head


async def test_a_file_of_holidays_is_declared_as_one(world: World) -> None:
    answer = await world.post("admin", "/calendars/office/holidays", {"days": []})
    assert (answer.status_code, answer.headers["accept"]) == (415, "text/calendar")
    assert "Content-Type: text/calendar" in answer.json()["detail"]


async def test_the_examples_of_the_document_are_taken(world: World) -> None:
    for command, path in (
        (SetCalendar, "/calendars"),
        (ExceptDays, "/calendars/exceptions"),
        (RestoreDays, "/calendars/restorations"),
        (SetPolicy, "/policies"),
        (OrderRules, "/rulebook"),
    ):
        await world.done("admin", path, BODIES[command]["example"]["value"])
    file = BODIES[TakeHolidays]["example"]["value"]
    assert (await world.hand_in("admin", "/calendars/vienna/holidays", file)).status_code == 201
