"""Why a lead that arrives on Friday at ten to five is due on Monday at ten to ten."""

from tests.services.api.world import CLOCKS, LONG_AGO, WEEK, World


async def test_the_whole_derivation_is_told_from_the_start_to_the_deadline(world: World) -> None:
    quick = {"policy": "quick", "calendar": "office", "clocks": CLOCKS, **LONG_AGO}
    await world.done("admin", "/calendars", {"calendar": "office", "zone": "Europe/Vienna", "week": WEEK, **LONG_AGO})
    await world.done("admin", "/policies", quick)
    await world.done("admin", "/rulebook", {"rules": [{"policy": "quick"}], **LONG_AGO})
    arrived = {"team": "north", "at": "2026-03-06T15:50:00Z"}
    lead = (await world.done("manager", "/leads", arrived))["lead"]
    answer = await world.see("auditor", f"/leads/{lead}/clocks")
    [clock] = answer.json()["items"]
    assert clock["why"] == (
        "60 business minutes from Fri 16:50 (calendar office, version 1, Europe/Vienna): "
        "10 on Fri 16:50-17:00, 50 on Mon 09:00-09:50."
    )
    assert (clock["respond_by"], clock["on_the_wall"]) == ("2026-03-09T08:50:00Z", "2026-03-09T09:50:00+01:00")
    assert clock["counted"] == [
        {
            "begins_at": "2026-03-06T15:50:00Z",
            "ends_at": "2026-03-06T16:00:00Z",
            "minutes": 10,
            "on_the_wall": {"begins_at": "2026-03-06T16:50:00+01:00", "ends_at": "2026-03-06T17:00:00+01:00"},
        },
        {
            "begins_at": "2026-03-09T08:00:00Z",
            "ends_at": "2026-03-09T08:50:00Z",
            "minutes": 50,
            "on_the_wall": {"begins_at": "2026-03-09T09:00:00+01:00", "ends_at": "2026-03-09T09:50:00+01:00"},
        },
    ]
    assert clock["counted_more"] == 0
    assert clock["not_counted"] == [
        {
            "begins_at": "2026-03-06T16:00:00Z",
            "ends_at": "2026-03-09T08:00:00Z",
            "because": "outside of hours",
            "on_the_wall": {"begins_at": "2026-03-06T17:00:00+01:00", "ends_at": "2026-03-09T09:00:00+01:00"},
        }
    ]
