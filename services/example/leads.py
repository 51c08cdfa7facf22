"""The leads of the example, each a short tale: when it arrived, and what became of it in the hours after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from commands.lead import (
    AssignLead,
    ClaimLead,
    ConvertLead,
    DisqualifyLead,
    EscalateLead,
    EvidenceGiven,
    LeadCommand,
    LoseLead,
    RecordAutomaticMessage,
    RecordOutreach,
    RecordReply,
    ReleaseLead,
    ReopenLead,
)
from domain.identity import PersonId
from domain.lead.events import (
    Channel,
    DisqualificationReason,
    EscalationReason,
    LossReason,
    Outcome,
    ReleaseReason,
    ReopenReason,
)

DAY = 24.0


@dataclass(frozen=True)
class Act:
    """Somebody's deed, so many hours after the lead arrived."""

    hours: float
    by: str
    command: LeadCommand | None
    promised_hours: float = 0.0
    """Instead of a command: a promise, to be kept so many hours after the lead arrived."""


@dataclass(frozen=True)
class Tale:
    """One lead and its life so far."""

    name: str
    company: str
    source: str
    days_ago: float
    acts: tuple[Act, ...] = ()
    message: str | None = None


def claim(hours: float, by: str) -> Act:
    """Take it from the queue."""
    return Act(hours, by, ClaimLead())


def assign(hours: float, by: str, to: str) -> Act:
    """Give it to somebody."""
    return Act(hours, by, AssignLead(to=PersonId(to)))


def reach(
    hours: float, by: str, channel: Channel, outcome: Outcome, call: str | None = None, note: str | None = None
) -> Act:
    """Try to reach the lead; a call that the telephone system knows is verified."""
    evidence = EvidenceGiven(provider="switchboard", id=call) if call else None
    return Act(hours, by, RecordOutreach(channel=channel, outcome=outcome, evidence=evidence, note=note))


def welcome(hours: float) -> Act:
    """The website answers by itself, which is no contact."""
    return Act(hours, "website-form", RecordAutomaticMessage(channel="email", outcome="sent"))


def reply(hours: float, channel: Channel = "email", note: str | None = None) -> Act:
    """The lead answers."""
    return Act(hours, "mailbox", RecordReply(channel=channel, note=note))


def promise(hours: float, by: str, until: float) -> Act:
    """Promise to be in touch again."""
    return Act(hours, by, None, promised_hours=until)


def win(hours: float, by: str, value: str, currency: str = "EUR") -> Act:
    """It became a customer."""
    return Act(hours, by, ConvertLead(value=Decimal(value), currency=currency))


def lose(hours: float, by: str, reason: LossReason) -> Act:
    """It will not become one."""
    return Act(hours, by, LoseLead(reason=reason))


def drop(hours: float, by: str, reason: DisqualificationReason) -> Act:
    """It never was a lead."""
    return Act(hours, by, DisqualifyLead(reason=reason))


def release(hours: float, by: str, reason: ReleaseReason) -> Act:
    """Back to the queue."""
    return Act(hours, by, ReleaseLead(reason=reason))


def reopen(hours: float, by: str, reason: ReopenReason) -> Act:
    """Open again."""
    return Act(hours, by, ReopenLead(reason=reason))


def escalate(hours: float, by: str, reason: EscalationReason) -> Act:
    """Tell whoever answers for the team."""
    return Act(hours, by, EscalateLead(reason=reason))


# The first tale is the one to look at; the second waits in its queue for somebody to take it.
TALES: tuple[Tale, ...] = (
    Tale(
        "Ottilie Brandt",
        "Brandt Orchards",
        "website",
        9,
        (
            welcome(0.01),
            claim(1.5, "rep-1"),
            reach(2, "rep-1", "call", "no_answer", "call-2101"),
            reach(5, "rep-1", "email", "sent", note="Sent the brochure on cold storage."),
            reply(22, note="Interested, but wants to see one running first."),
            promise(23, "rep-1", 3 * DAY),
            escalate(3 * DAY + 4, "rep-1", "help_needed"),
            reach(3 * DAY + 6, "mgr-1", "meeting", "reached"),
            win(6 * DAY + 3, "rep-1", "18400.00"),
        ),
        "We lose a tenth of our harvest to heat. Can your cold rooms be rented for a season?",
    ),
    Tale("Florian Achterberg", "Achterberg Mills", "website", 0.06, (welcome(0.01),), "Please call me about a quote."),
    Tale("Saoirse Dunmore", "Dunmore & Daughters", "website", 0.2, (welcome(0.01),)),
    Tale("Emeka Thorvald", "Thorvald Freight", "trade-fair", 0.8),
    Tale("Lucasta Meyrink", "Meyrink Glass", "partner", 1.2),
    Tale("Anselm Quigley", "Quigley Boats", "referral", 26, (
        assign(0.5, "mgr-1", "rep-2"), reach(1, "rep-2", "call", "reached", "call-2044"),
        promise(1.2, "rep-2", 2 * DAY), reach(2 * DAY - 1, "rep-2", "meeting", "reached"),
        win(11 * DAY, "rep-2", "42000.00"))),
    Tale("Ragnhild Oyelaran", "Oyelaran Textiles", "website", 24, (
        welcome(0.01), claim(26, "rep-1"), reach(30, "rep-1", "email", "sent"),
        reach(4 * DAY, "rep-1", "email", "sent"), lose(14 * DAY, "rep-1", "no_response"))),
    Tale("Casimir Plum", "Plum Theatre", "website", 23, (
        welcome(0.01), claim(0.6, "rep-2"), reach(0.7, "rep-2", "call", "reached", "call-2050"),
        lose(3 * DAY, "rep-2", "no_budget"))),
    Tale("Wanjiru Bexley", "Bexley Farms", "trade-fair", 22, (
        assign(3, "mgr-2", "rep-3"), reach(4, "rep-3", "call", "left_message", "call-3010"),
        reply(9, "call"), reach(10, "rep-3", "call", "reached", "call-3011"), win(8 * DAY, "rep-3", "9750.50"))),
    Tale("Digby Sarangi", "Sarangi Signs", "partner", 21, (
        claim(50, "rep-4"), reach(52, "rep-4", "email", "bounced"), drop(53, "rep-4", "unreachable"))),
    Tale("Philippa Nwosu", "Nwosu Clinics", "website", 20, (
        welcome(0.01), claim(1, "rep-1"), reach(1.2, "rep-1", "call", "reached", "call-2061"),
        promise(1.3, "rep-1", 5 * DAY), reach(5 * DAY - 2, "rep-1", "call", "reached", "call-2088"),
        win(9 * DAY, "rep-1", "27300.00"))),
    Tale("Otis Vermeulen", "", "website", 19, (welcome(0.01), drop(4, "mgr-1", "spam"))),
    Tale("Hanne Calloway", "Calloway Tours", "referral", 18, (
        claim(2, "rep-2"), reach(3, "rep-2", "sms", "sent"), reply(5, "sms"),
        reach(6, "rep-2", "call", "reached", "call-2070"), lose(6 * DAY, "rep-2", "competitor"))),
    Tale("Ignatius Rahal", "Rahal Bakeries", "trade-fair", 17, (
        assign(8, "mgr-2", "rep-4"), reach(30, "rep-4", "call", "no_answer", "call-3022"),
        release(60, "rep-4", "workload"), assign(62, "mgr-2", "rep-3"),
        reach(63, "rep-3", "call", "reached", "call-3030"), win(10 * DAY, "rep-3", "15200.00"))),
    Tale("Beatrix Omondi", "Omondi Solar", "partner", 16, (
        claim(1, "rep-3"), reach(2, "rep-3", "email", "sent"), reply(20),
        reach(22, "rep-3", "meeting", "reached"), lose(5 * DAY, "rep-3", "timing"),
        reopen(12 * DAY, "rep-3", "new_interest"), reach(12 * DAY + 2, "rep-3", "call", "reached", "call-3055"),
        promise(12 * DAY + 2.1, "rep-3", 17 * DAY))),
    Tale("Leander Fitzroy", "Fitzroy Archive", "website", 15, (
        welcome(0.01), claim(3, "rep-2"), reach(28, "rep-2", "email", "sent"),
        lose(10 * DAY, "rep-2", "no_need"))),
    Tale("Zsofia Hartigan", "Hartigan Labs", "website", 14, (
        welcome(0.01), claim(0.3, "rep-1"), reach(0.4, "rep-1", "call", "reached", "call-2090"),
        reach(2 * DAY, "rep-1", "meeting", "reached"), win(7 * DAY, "rep-1", "61000.00"))),
    Tale("Mortimer Asante", "Asante Logistics", "trade-fair", 13, (
        claim(20, "rep-4"), reach(70, "rep-4", "call", "left_message", "call-3040"),
        escalate(5 * DAY, "rep-4", "no_contact"), reach(5 * DAY + 3, "rep-4", "call", "reached", "call-3044"),
        promise(5 * DAY + 3.2, "rep-4", 12 * DAY))),
    Tale("Ludmila Farrow", "Farrow Gardens", "referral", 12, (
        claim(1, "rep-2"), reach(1.5, "rep-2", "call", "reached", "call-2095"), win(3 * DAY, "rep-2", "4300.00"))),
    Tale("Hamish Delacroix", "Delacroix Wines", "website", 11, (
        welcome(0.01), claim(5, "rep-1"), reach(6, "rep-1", "email", "sent"),
        reach(3 * DAY, "rep-1", "call", "no_answer", "call-2102"),
        reach(6 * DAY, "rep-1", "call", "no_answer", "call-2120"))),
    Tale("Nokomis Reinholt", "Reinholt Paper", "partner", 10, (
        claim(9, "rep-3"), reach(10, "rep-3", "call", "reached", "call-3050"), lose(4 * DAY, "rep-3", "price"))),
    Tale("Isolde Mbeki-Rossi", "Rossi Ceramics", "website", 8, (
        welcome(0.01), claim(2, "rep-2"), reach(3, "rep-2", "call", "reached", "call-2110"),
        promise(3.1, "rep-2", 6 * DAY))),
    Tale("Barnaby Tanaka", "Tanaka Cycles", "trade-fair", 7, (
        assign(4, "mgr-2", "rep-3"), reach(5, "rep-3", "email", "sent"), reply(30),
        reach(31, "rep-3", "call", "reached", "call-3060"), promise(31.2, "rep-3", 9 * DAY))),
    Tale("Petronella Ashdown", "Ashdown Printing", "website", 6, (
        welcome(0.01), claim(1, "rep-1"), reach(1.5, "rep-1", "call", "left_message", "call-2125"),
        reply(4, "call"), promise(5, "rep-1", 4 * DAY))),
    Tale("Zebulon Krajcik", "Krajcik Steel", "referral", 5, (
        assign(1, "mgr-1", "rep-2"), reach(2, "rep-2", "meeting", "reached"), promise(2.2, "rep-2", 8 * DAY))),
    Tale("Clementine Obuya", "Obuya Coffee", "partner", 4, (
        claim(30, "rep-4"), reach(31, "rep-4", "chat", "reached"))),
    Tale("Ambrose Lindqvist", "Lindqvist Optics", "website", 3, (welcome(0.01), claim(2, "rep-1"))),
    Tale("Tamsin Drexler", "Drexler Media", "trade-fair", 2.5, (
        claim(6, "rep-3"), reach(7, "rep-3", "email", "sent"))),
    Tale("Osric Van Houten", "Van Houten Foods", "website", 1.6, (
        welcome(0.01), claim(1, "rep-2"), reach(1.2, "rep-2", "call", "reached", "call-2130"),
        promise(1.4, "rep-2", 3 * DAY))),
    Tale("Marguerite Salonga", "Salonga Hotels", "referral", 1.1, (assign(2, "mgr-1", "rep-1"),)),
)  # fmt: skip


def hours(count: float) -> timedelta:
    """So many hours, to the second."""
    return timedelta(seconds=round(count * 3600))
