"""One good example of every body and every answer, for whoever reads the OpenAPI document."""

from __future__ import annotations

from typing import Any

from commands import calendars, clocks, lead, notices, people, policies, seat, sources, teams
from services.api import answers, terms
from services.api.clock_answers import Clocks
from services.api.ledger_answers import LeadLedger, PersonLedger, TeamLedger
from services.api.notice_answers import DeadLetters, Notices

LEAD = "0b6f7a52-9d0c-4f0e-8a54-6f1f5f1d2c3b"
NINE, TEN = "2026-03-02T09:00:00Z", "2026-03-02T10:00:00Z"


def _example(summary: str, **body: Any) -> dict[str, Any]:
    return {"example": {"summary": summary, "value": body}}


_DAY = [{"opens": "09:00", "closes": "12:30"}, {"opens": "13:30", "closes": "18:00"}]
_WEEK = {
    "monday": _DAY,
    "tuesday": _DAY,
    "wednesday": _DAY,
    "thursday": _DAY,
    "friday": [{"opens": "09:00", "closes": "15:00"}],
}
_EVE = {"day": "2126-12-24", "hours": [{"opens": "09:00", "closes": "12:00"}], "called": "christmas-eve"}
_RUNGS = [
    {"offset_minutes": -15, "deed": "remind", "whom": "owner"},
    {"offset_minutes": 0, "deed": "escalate", "whom": "accountable"},
    {"offset_minutes": 30, "deed": "offer_to_team"},
]
_CLOCKS = {
    "first_response": {"target_minutes": 60, "unit": "business_minutes", "rungs": _RUNGS},
    "acknowledgement": {"target_minutes": 30, "unit": "elapsed_minutes"},
}
_RULES = [{"policy": "quick", "source": "website", "priority": "high"}, {"policy": "quick"}]
_HOLIDAYS = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//Holidays//EN
BEGIN:VEVENT
UID:christmas@example
DTSTART;VALUE=DATE:20261225
RRULE:FREQ=YEARLY
SUMMARY:Christmas Day
END:VEVENT
END:VCALENDAR
"""

BODIES: dict[type[Any], dict[str, Any]] = {
    lead.CreateLead: _example(
        "Somebody filled in the form",
        source="website",
        contact={"name": "Ada Example", "email": "ada@example.com", "phone": "+49 30 1234567"},
    ),
    lead.CorrectContact: _example("The number was wrong", contact={"name": "Ada Example", "phone": "+49 30 7654321"}),
    lead.RouteLead: _example("It is one for the south", team="south"),
    lead.AssignLead: _example("Somebody becomes answerable", to="rep-7"),
    lead.ClaimLead: _example("I take it"),
    lead.ReleaseLead: _example("Too much on the plate", reason="workload"),
    lead.RecordOutreach: _example(
        "A call that reached the lead",
        channel="call",
        outcome="reached",
        evidence={"provider": "twilio", "id": "CA1f0e"},
        duration_seconds=180,
        note="Wants an offer by Friday.",
    ),
    lead.RecordAutomaticMessage: _example("The welcome e-mail went out", channel="email", outcome="sent"),
    lead.RecordReply: _example("The lead wrote back", channel="email", note="Tuesday suits."),
    lead.PromiseFollowUp: _example("A call tomorrow", follow_up_by="2026-03-03T15:00:00+01:00"),
    lead.ConvertLead: _example("Signed", value="1200.00", currency="EUR"),
    lead.LoseLead: _example("Went to a competitor", reason="competitor"),
    lead.DisqualifyLead: _example("It was spam", reason="spam"),
    lead.ReopenLead: _example("They called again", reason="new_interest"),
    lead.EscalateLead: _example("Help is needed", reason="help_needed", rung=1),
    clocks.AcknowledgeEscalation: _example("I see to it by noon", act_by="2026-03-02T12:00:00Z"),
    clocks.SnoozeLead: _example("Back on Thursday", until="2026-03-05T09:00:00+01:00", reason="out_of_office"),
    clocks.WakeLead: _example("They are back already"),
    notices.GiveConsent: _example("They are glad of a text message", medium="sms"),
    notices.WithdrawConsent: _example("They answered STOP", medium="sms"),
    notices.RetryNotice: _example("The address was put right", notice="8a3f0c52-6c1e-5b7d-9e2f-0d4b6a8c1e35"),
    people.CorrectProfile: _example(
        "A new address", person="rep-7", profile={"name": "Ben Example", "email": "ben@example.com"}
    ),
    people.SetHours: _example("Office hours", person="rep-7", calendar="vienna"),
    people.AddPerson: _example("Somebody joins", person="rep-7", team="north", profile={"name": "Ben Example"}),
    people.MovePerson: _example("Somebody changes team", person="rep-7", team="south"),
    people.RemovePerson: _example("Somebody leaves", person="rep-7"),
    teams.FormTeam: _example("A team under another", team="north", above="germany"),
    teams.EntrustTeam: _example("Somebody answers for it", team="north", to="lead-1"),
    teams.PlaceTeam: _example("It stands on its own", team="north", above=None),
    seat.EntrustDesk: _example("Somebody answers for all of it", to="lead-1"),
    sources.RegisterSource: _example("The form on the site", source="website", team="north"),
    sources.RetireSource: _example("The campaign is over", source="website"),
    calendars.SetCalendar: _example("An office in Vienna", calendar="vienna", zone="Europe/Vienna", week=_WEEK),
    calendars.ExceptDays: _example("A short day", calendar="vienna", days=[_EVE]),
    calendars.RestoreDays: _example("A day like others", calendar="vienna", days=["2126-12-24"]),
    calendars.TakeHolidays: {"example": {"summary": "Holidays of a file", "value": _HOLIDAYS}},
    policies.SetPolicy: _example(
        "An hour to answer", policy="quick", calendar="vienna", clocks=_CLOCKS, snooze_at_most_minutes=2880
    ),
    policies.OrderRules: _example("One policy for all", rules=_RULES),
}

_CLOCK = {
    "number": 1,
    "clock": "first_response",
    "why": "60 business minutes from Mon 10:00 (calendar vienna, version 5, Europe/Vienna): 15 on Mon 10:00-10:15, "
    "45 on Mon 10:30-11:15; snoozed from Mon 10:15 to Mon 10:30.",
    "standing": "at_risk",
    "started_at": NINE,
    "respond_by": "2026-03-02T10:15:00Z",
    "on_the_wall": "2026-03-02T11:15:00+01:00",
    "target_minutes": 60,
    "unit": "business_minutes",
    "promised_for": None,
    "policy": "quick",
    "policy_version": 3,
    "rule": {"rulebook_version": 2, "number": 1, "because": "rule 1: source website, any team, high priority"},
    "calendar": "vienna",
    "calendar_version": 5,
    "zone": "Europe/Vienna",
    "pauses": [
        {
            "begins_at": "2026-03-02T09:15:00Z",
            "ends_at": "2026-03-02T09:30:00Z",
            "snoozed_by": "rep-7",
            "reason": "asked_to_wait",
            "woken_by": None,
        }
    ],
    "counted": [
        {
            "begins_at": NINE,
            "ends_at": "2026-03-02T09:15:00Z",
            "minutes": 15.0,
            "on_the_wall": {"begins_at": "2026-03-02T10:00:00+01:00", "ends_at": "2026-03-02T10:15:00+01:00"},
        },
        {
            "begins_at": "2026-03-02T09:30:00Z",
            "ends_at": "2026-03-02T10:15:00Z",
            "minutes": 45.0,
            "on_the_wall": {"begins_at": "2026-03-02T10:30:00+01:00", "ends_at": "2026-03-02T11:15:00+01:00"},
        },
    ],
    "counted_more": 0,
    "not_counted": [
        {
            "begins_at": "2026-03-02T09:15:00Z",
            "ends_at": "2026-03-02T09:30:00Z",
            "because": "snoozed",
            "on_the_wall": {"begins_at": "2026-03-02T10:15:00+01:00", "ends_at": "2026-03-02T10:30:00+01:00"},
        }
    ],
    "elapsed_minutes": 50.0,
    "stopped_at": None,
    "stopped_because": None,
    "breached": False,
    "retracted": False,
    "rungs": [
        {
            "due_at": TEN,
            "deed": "remind",
            "whom": "owner",
            "seat": None,
            "fired_at": TEN,
            "late_seconds": 0.4,
        }
    ],
    "did_not_stop": [{"what": "LeadMessagedAutomatically", "at": NINE, "because": "a machine sent it"}],
}
_BOOKING = {"begins_at": NINE, "ends_at": TEN, "running": False, "holder": "owner", "person": "rep-7", "team": "north"}
_BOOKED = {
    "number": 1,
    "clock": "first_response",
    "started_at": NINE,
    "respond_by": "2026-03-02T09:45:00Z",
    "unit": "business_minutes",
    "calendar": "vienna",
    "calendar_version": 5,
    "elapsed_minutes": 60.0,
    "booked_minutes": 60.0,
    "bookings": [{**_BOOKING, "minutes": 60.0, "late_minutes": 15.0}],
}
_OF_PERIOD = {"position": 17, "begins_at": NINE, "ends_at": TEN}
_HELD = {
    "holder": "owner",
    "person": "rep-7",
    "team": "north",
    "clock": "first_response",
    "unit": "business_minutes",
    "leads": 1,
    "minutes": 60.0,
    "late_minutes": 15.0,
}
_LEAD_BOOKED = {
    "lead": LEAD,
    "href": f"/leads/{LEAD}/ledger",
    "unit": "business_minutes",
    "minutes": 60.0,
    "late_minutes": 15.0,
}
_RECEIPT = {
    "version": 2,
    "position": 17,
    "events": ["LeadAssigned.v1"],
    "command_id": "5f0c7c1e-3d0f-5b4a-9a55-0a9f3f1b7d11",
    "repeated": False,
}
_LINE = {
    "lead": LEAD,
    "href": f"/leads/{LEAD}",
    "name": "Ada Example",
    "owner": "rep-7",
    "team": "north",
    "source": "website",
    "state": "new",
    "since": TEN,
    "arrived_at": NINE,
    "outreach_count": 0,
    "last_outreach_at": None,
    "last_reply_at": None,
    "follow_up_by": None,
    "respond_by": TEN,
    "offered": False,
    "escalated_at": None,
    "escalated_to": None,
    "act_by": None,
    "waits_until": None,
    "waits_because": None,
    "tier": 0,
    "attention_at": NINE,
}
_LOAD = {"owner": "rep-7", "new": 2, "replied": 1, "promised": 3, "contacted": 5, "wrote_again": 0, "total": 11}
_PERSON = {"person": "rep-7", "team": "north", "here": True, "since": NINE, "calendar": "vienna"}
_NOTICE = {
    "notice": "8a3f0c52-6c1e-5b7d-9e2f-0d4b6a8c1e35",
    "about": "reminder",
    "medium": "email",
    "addressee": "rep-7",
    "standing": "failed",
    "reason": "address_refused",
    "cause": 4,
    "made_at": NINE,
    "settled_at": TEN,
}
_TEAM = {"team": "north", "above": "germany", "accountable": "lead-1"}
_SOURCE = {"source": "website", "team": "north", "retired": False}
_RUNGS_TOLD = [
    {"offset_minutes": -15, "unit": "business_minutes", "deed": "remind", "whom": "owner", "seat": None},
    {"offset_minutes": 0, "unit": "business_minutes", "deed": "escalate", "whom": "accountable", "seat": None},
]
_CLOCKS_TOLD = {
    "first_response": {"target_minutes": 60, "unit": "business_minutes", "rungs": _RUNGS_TOLD},
    "follow_up": None,
    "reply": None,
    "acknowledgement": {"target_minutes": 30, "unit": "elapsed_minutes", "rungs": []},
}
_RULES_TOLD = [{"policy": "quick", "source": "website", "team": None, "priority": "high"}]
_SETTING = {
    "standing": "in_force",
    "effective_from": NINE,
    "zone": "Europe/Vienna",
    "week": {**_WEEK, "saturday": [], "sunday": []},
}
_CALENDAR = {"calendar": "vienna", "version": 2, "settings": [_SETTING]}
_SET = {"effective_from": NINE, "set_at": NINE, "set_by": "admin-1"}
_TERMS = {
    "policy": "quick",
    "version": 1,
    "standing": "in_force",
    "calendar": "vienna",
    "clocks": _CLOCKS_TOLD,
    "snooze_at_most_minutes": 2880,
    "receipt": ["email"],
    **_SET,
}
_TRIED = {
    "clock": "first_response",
    "target_minutes": 60,
    "unit": "business_minutes",
    "respond_by": "2026-03-03T09:15:00Z",
    "on_the_wall": "2026-03-03T10:15:00+01:00",
    "rungs": [
        {
            "rung": 1,
            "offset_minutes": -15,
            "unit": "business_minutes",
            "deed": "remind",
            "whom": "owner",
            "seat": None,
            "due_at": "2026-03-03T09:00:00Z",
            "on_the_wall": "2026-03-03T10:00:00+01:00",
        }
    ],
}
_TRIAL = {
    "policy": "quick",
    "version": 1,
    "effective_from": NINE,
    "start": "2026-03-02T16:45:00Z",
    "calendar": "vienna",
    "calendar_version": 2,
    "zone": "Europe/Vienna",
    "clocks": [_TRIED],
}
_LEAD = {
    "lead": LEAD,
    "version": 3,
    "last_position": 17,
    "href": f"/leads/{LEAD}",
    "timeline": f"/leads/{LEAD}/timeline",
    "valid_from": TEN,
    "stage": "open",
    "source": "website",
    "team": "north",
    "owner": "rep-7",
    "arrived_at": NINE,
    "dated": "instant",
    "first_contact_at": TEN,
    "last_outreach_at": TEN,
    "outreach_count": 1,
    "last_reply_at": None,
    "replies": 0,
    "promised_at": None,
    "follow_up_by": None,
    "ended_at": None,
    "ended_because": None,
    "value_amount": None,
    "value_currency": None,
    "escalated_to_rung": None,
}
_EVENT = {
    "version": 2,
    "position": 17,
    "at": TEN,
    "recorded_at": TEN,
    "late_seconds": 0.0,
    "who": "lead-1",
    "role": "manager",
    "via": "key:lk_3f9a1c2b0d",
    "what": "LeadAssigned",
    "sentence": "lead-1 assigned the lead to rep-7.",
    "channel": None,
    "grade": None,
}
_NOTE = {
    "version": 3,
    "at": TEN,
    "recorded_at": TEN,
    "what": "LeadContacted.v1",
    "who": "rep-7",
    "note": "Wants an offer by Friday.",
    "state": "kept",
}
_COUNT = {
    "group": {"source": "website"},
    "total": 120,
    "open": 90,
    "converted": 18,
    "lost": 10,
    "disqualified": 2,
}
_PARKED = {
    "stream": LEAD,
    "version": 2,
    "position": 17,
    "event": "LeadAssigned",
    "error": "CannotRead",
    "skipped": 0,
    "parked_at": TEN,
}
_PROGRESS = {
    "projection": "queues",
    "version": 1,
    "generation": 1,
    "position": 17,
    "lag_events": 0,
    "parked_streams": 0,
    "holder": "projector-1",
    "rebuilding_at": None,
}

ANSWERS: dict[Any, Any] = {
    answers.LeadReceipt: {"lead": LEAD, **_RECEIPT},
    answers.PersonReceipt: {"person": "rep-7", **_RECEIPT, "events": ["PersonJoined.v1"]},
    answers.TeamReceipt: {"team": "north", **_RECEIPT, "events": ["TeamFormed.v1"]},
    answers.DeskReceipt: {**_RECEIPT, "events": ["DeskEntrusted.v1"]},
    answers.SourceReceipt: {"source": "website", **_RECEIPT, "events": ["SourceRegistered.v1"]},
    answers.CalendarReceipt: {"calendar": "vienna", **_RECEIPT, "events": ["CalendarSet.v1"]},
    answers.PolicyReceipt: {"policy": "quick", **_RECEIPT, "events": ["PolicySet.v1"]},
    answers.RulebookReceipt: {**_RECEIPT, "events": ["RulesOrdered.v1"]},
    terms.Calendars: {"position": 17, "next": None, "items": [_CALENDAR]},
    terms.CalendarTold: {"position": 17, **_CALENDAR, "days": [_EVE]},
    terms.Policies: {"position": 17, "next": None, "items": [_TERMS]},
    terms.PolicyTold: {"position": 17, "policy": "quick", "versions": [_TERMS]},
    terms.RulebookTold: {
        "position": 17,
        "in_force": {"version": 1, "rules": _RULES_TOLD, **_SET},
        "to_come": [],
    },
    terms.TrialTold: {"position": 17, **_TRIAL},
    answers.Queue: {"position": 17, "next": None, "items": [_LINE]},
    answers.Loads: {"position": 17, "items": [_LOAD]},
    answers.People: {"position": 17, "next": None, "items": [_PERSON]},
    answers.PersonTold: {"position": 17, "answers_for": [], **_PERSON},
    answers.Teams: {"position": 17, "next": None, "items": [_TEAM]},
    answers.TeamTold: {"position": 17, **_TEAM},
    answers.DeskTold: {"position": 17, "accountable": "lead-1", "since": NINE},
    answers.Sources: {"position": 17, "next": None, "items": [_SOURCE]},
    Notices: {"position": 17, "lead": LEAD, "items": [_NOTICE]},
    DeadLetters: {"position": 17, "next": None, "items": [{**_NOTICE, "lead": LEAD, "team": "north"}]},
    Clocks: {"position": 17, "lead": LEAD, "items": [_CLOCK]},
    LeadLedger: {**_OF_PERIOD, "lead": LEAD, "items": [_BOOKED], "holders": [_HELD]},
    PersonLedger: {**_OF_PERIOD, "person": "rep-7", "leads": 1, "items": [_HELD], "longest": [_LEAD_BOOKED]},
    TeamLedger: {**_OF_PERIOD, "team": "north", "leads": 1, "items": [_HELD]},
    answers.Leads: {"position": 17, "next": None, "items": [_LEAD]},
    answers.LeadTold: {"position": 17, **_LEAD},
    answers.Timeline: {"position": 17, "next": None, "items": [_EVENT]},
    answers.Counts: {"position": 17, "items": [_COUNT]},
    answers.ContactTold: {
        "lead": LEAD,
        "contact": {"name": "Ada Example", "email": "ada@example.com"},
        "state": "kept",
    },
    answers.ProfileTold: {"person": "rep-7", "profile": {"name": "Ben Example"}, "state": "kept"},
    answers.Notes: {"position": 17, "next": None, "items": [_NOTE]},
    answers.ParkedStreams: {"projection": "queues", "items": [_PARKED]},
    answers.Projections: {"log_head": 17, "items": [_PROGRESS]},
}
