"""The rulebook: the first rule that covers a lead tells its policy."""

from datetime import datetime, timedelta

import pytest

from domain.event import Actor
from domain.identity import PolicyId, SourceId, TeamId
from domain.occasion import DatedBeforeALaterChange, Occasion
from domain.rulebook import (
    Priority,
    Rule,
    Rulebook,
    RulesOrdered,
    RulesWouldRewriteThePast,
    TooManyRules,
    order_rules,
    replay,
)
from tests.support.story import NINE, ONE, TEN

ADMIN = Actor("admin-1", "admin", "key:lk_1")
NORTH, WEB = TeamId("north"), SourceId("web")
VIP, QUICK, SLOW = PolicyId("vip"), PolicyId("quick"), PolicyId("slow")
RULES = (Rule(VIP, priority="high"), Rule(QUICK, source=WEB, team=NORTH), Rule(SLOW))


def ordered(*rules: Rule, at: datetime = NINE, effective_from: datetime = NINE) -> RulesOrdered:
    return RulesOrdered(rules=rules, effective_from=effective_from, at=at, by=ADMIN)


def on(at: datetime) -> Occasion:
    return Occasion(by=ADMIN, now=max(at, NINE), at=at)


def policy_for(
    book: Rulebook, source: SourceId | None, team: TeamId | None, priority: Priority | None, at: datetime
) -> PolicyId | None:
    applied = book.applying(source, team, priority, at)
    return applied and applied.rule.policy


def test_the_first_rule_that_covers_a_lead_tells_its_policy() -> None:
    book = replay([ordered(*RULES)])
    assert policy_for(book, WEB, NORTH, "high", NINE) == VIP
    assert policy_for(book, WEB, NORTH, "normal", NINE) == QUICK
    assert policy_for(book, WEB, None, None, NINE) == SLOW
    assert policy_for(book, None, NORTH, None, NINE) == SLOW


def test_which_rule_it_was_and_of_which_version_is_told() -> None:
    book = replay([ordered(*RULES), ordered(*RULES[1:], at=TEN, effective_from=TEN)])
    assert book.applying(WEB, NORTH, "low", NINE) == (1, 2, RULES[1])
    assert book.applying(WEB, NORTH, "low", TEN) == (2, 1, RULES[1])
    assert [page.version for page in book.pages] == [1, 2]


def test_a_lead_that_no_rule_covers_has_no_policy() -> None:
    assert policy_for(replay([ordered(*RULES[:2])]), None, None, None, NINE) is None
    assert policy_for(replay([ordered(*RULES)]), None, None, None, NINE - timedelta(seconds=1)) is None
    assert policy_for(replay([]), None, None, None, NINE) is None


def test_rules_hold_from_the_moment_they_are_put_in_order_or_later() -> None:
    assert order_rules(replay([]), RULES, None, on(NINE)) == [ordered(*RULES)]
    later = order_rules(replay([ordered(*RULES)]), RULES[2:], ONE, on(TEN))
    assert later == [ordered(*RULES[2:], at=TEN, effective_from=ONE)]
    book = replay([ordered(*RULES), *later])
    assert (policy_for(book, WEB, NORTH, None, TEN), policy_for(book, WEB, NORTH, None, ONE)) == (QUICK, SLOW)


def test_the_same_order_again_is_already_so() -> None:
    assert order_rules(replay([ordered(*RULES)]), RULES, None, on(TEN)) == []
    assert order_rules(replay([ordered(*RULES)]), RULES[::-1], None, on(TEN)) != []
    assert order_rules(replay([ordered(*RULES, effective_from=ONE)]), RULES, ONE, on(TEN)) == []


def test_no_rules_at_all_stop_every_clock_that_would_have_started() -> None:
    [none] = order_rules(replay([ordered(*RULES)]), (), None, on(TEN))
    assert policy_for(replay([ordered(*RULES), none]), WEB, NORTH, "high", TEN) is None


def test_rules_that_are_only_scheduled_may_be_changed_and_taken_back() -> None:
    scheduled = ordered(*RULES[1:], at=TEN, effective_from=ONE)
    as_before = ordered(*RULES, at=TEN, effective_from=TEN)
    assert order_rules(replay([ordered(*RULES), scheduled]), RULES, None, on(TEN)) == [as_before]
    book = replay([ordered(*RULES), scheduled, as_before])
    assert policy_for(book, WEB, NORTH, "high", ONE) == VIP
    assert [page.version for page in book.pages] == [1, 2, 3]


def test_the_past_is_not_rewritten() -> None:
    with pytest.raises(RulesWouldRewriteThePast, match="but what held before 2026-03-02 10:00"):
        order_rules(replay([ordered(*RULES)]), RULES[1:], NINE, on(TEN))
    with pytest.raises(RulesWouldRewriteThePast, match="would hold from 2026-03-02 10:00"):
        order_rules(replay([ordered(*RULES)]), RULES[1:], None, Occasion(by=ADMIN, now=ONE, at=TEN))
    with pytest.raises(DatedBeforeALaterChange):
        order_rules(replay([ordered(*RULES, at=TEN)]), RULES[1:], None, on(NINE))


def test_a_rulebook_is_one_that_a_person_can_read() -> None:
    rules = tuple(Rule(SLOW, source=SourceId(f"s{number}")) for number in range(501))
    with pytest.raises(TooManyRules, match="501 rules"):
        order_rules(replay([]), rules, None, on(TEN))
    assert order_rules(replay([]), rules[1:], None, on(TEN))


def test_refusals_say_all_that_they_know() -> None:
    rules = tuple(Rule(SLOW, source=SourceId(f"s{number}")) for number in range(501))
    with pytest.raises(TooManyRules, match="at most 500"):
        order_rules(replay([]), rules, None, on(TEN))
    with pytest.raises(RulesWouldRewriteThePast, match="would hold from 2026-03-02 09:00"):
        order_rules(replay([ordered(*RULES)]), RULES[1:], NINE, on(TEN))
