"""What `up` prints when everything runs: where it is, a key, and three things to try."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from services.example.story import Story
from services.up.first_start import FirstKey

HOW_TO_STOP = ("Ctrl-C stops it; what is on record stays.", "")


def greeting(url: str, keys: Sequence[FirstKey], file: Path, story: Story | None) -> str:
    """Lines that work when they are pasted into a terminal."""
    first = keys[0] if keys else None
    lines = ["", f"Leadledger is ready: {url}", f"  All questions and acts: {url}/openapi.json", ""]
    if first is None:
        make_one = "./leadledger keys create admin --role admin --as admin"
        return "\n".join([*lines, f"  Every first key was revoked; make one: {make_one}", ""])
    lines += [f"  Key of {first.holder} ({first.role}): {first.key}"]
    lines += [f"  All first keys: {file}", "", "Three things to try:", ""]
    if story is None:
        return "\n".join([*lines, *_without_example(url, first), *HOW_TO_STOP])
    return "\n".join([*lines, *_with_example(url, first, story), *HOW_TO_STOP])


def _with_example(url: str, first: FirstKey, story: Story) -> list[str]:
    key = f"-H 'Authorization: Bearer {first.key}'"
    json = "-H 'Content-Type: application/json'"
    return [
        "  # What is on the team's plate, the most urgent first",
        f"  curl -s {key} {url}/teams/{story.team}/queue | python3 -m json.tool",
        "",
        "  # Who did what to one lead, when, and when we learned it",
        f"  curl -s {key} {url}/leads/{story.lead}/timeline | python3 -m json.tool",
        "",
        "  # Make somebody answerable for a lead that nobody has",
        f'  curl -s {key} {json} -d \'{{"to": "{story.rep}"}}\' {url}/leads/{story.waiting}/assignments',
        "",
    ]


def _without_example(url: str, first: FirstKey) -> list[str]:
    key = f"-H 'Authorization: Bearer {first.key}' -H 'Content-Type: application/json'"
    return [
        "  # Form a team",
        f'  curl -s {key} -d \'{{"team": "sales"}}\' {url}/teams',
        "",
        "  # Put somebody on record",
        f'  curl -s {key} -d \'{{"person": "rep-1", "team": "sales"}}\' {url}/people',
        "",
        "  # Register where leads come from",
        f'  curl -s {key} -d \'{{"source": "website", "team": "sales"}}\' {url}/sources',
        "",
    ]
