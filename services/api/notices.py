"""Notices: what became of them, trying dead letters again, and what a lead lets machines do."""

from __future__ import annotations

import asyncio
from typing import Annotated
from urllib.parse import parse_qsl
from uuid import UUID

from fastapi import APIRouter, Request, Response

from adapters.postbox import Postbox
from adapters.sms import is_signed
from commands.command import LEAD
from commands.notices import GiveConsent, RetryNotice, SettleNotice, WithdrawConsent
from commands.people import CorrectProfile, SetHours
from domain.access import Principal
from domain.identity import LeadId, Position, lead_stream
from domain.lead.state import Lead
from domain.log import LogUnavailable
from domain.notice import Fate
from projections import notices
from services.api.acting import ADesk
from services.api.answers import LeadReceipt, PersonReceipt
from services.api.asking import AnOffice, LeadInPath, Question, allowed, of_lead, of_the_desk
from services.api.describing import Acts, Questions
from services.api.notice_answers import DeadLetter, DeadLetters, NoticeLine, Notices
from services.api.problems import KeyNeeded, documented
from services.api.reading import APage, caught_up
from services.wiring import Office

notice_acts = Acts(tags=["Notices"])
notice_questions = Questions(tags=["Notices"])
callbacks = APIRouter(tags=["Notices"])

GATEWAY = Principal(id="notifier", role="service", via="callback", scopes=frozenset({"lead.notify"}))
RECORDED_WITHIN_SECONDS = 5.0
"""The gateway may tell that a message has arrived before we have put down that it was sent."""
LOOK_AGAIN_SECONDS = 0.25


@notice_acts.post("/leads/{lead_id}/consents")
async def give_consent(lead_id: LeadInPath, command: GiveConsent, desk: ADesk) -> LeadReceipt:
    """Tell that the lead lets us send it messages this way."""
    return await desk.lead(lead_id, command)


@notice_acts.post("/leads/{lead_id}/consent-withdrawals")
async def withdraw_consent(lead_id: LeadInPath, command: WithdrawConsent, desk: ADesk) -> LeadReceipt:
    """Tell that the lead wants no more messages this way from machines."""
    return await desk.lead(lead_id, command)


@notice_acts.post("/leads/{lead_id}/notice-retries")
async def retry_notice(lead_id: LeadInPath, command: RetryNotice, desk: ADesk) -> LeadReceipt:
    """Try a notice again that had failed, now that something was put right."""
    receipt = await desk.lead(lead_id, command)
    await Postbox(desk.office.questions).reopen(command.notice)
    return receipt


@notice_acts.post("/people/profile-corrections")
async def correct_profile(command: CorrectProfile, desk: ADesk) -> PersonReceipt:
    """Put right who somebody is and how to reach them."""
    return await desk.person(command)


@notice_acts.post("/people/hours")
async def set_hours(command: SetHours, desk: ADesk) -> PersonReceipt:
    """Tell by which calendar somebody works; outside of its hours nobody writes to them."""
    return await desk.person(command)


@notice_questions.get("/leads/{lead_id}/notices")
async def notices_of_a_lead(
    position: Annotated[Position, caught_up("notices", "leads")],
    caller: Annotated[Principal, allowed("lead.see", of_lead)],
    lead_id: LeadInPath,
    ask: Question,
) -> Notices:
    """Who was told what about this lead, and what became of it; the first 500."""
    found = await ask(notices.of, lead_stream(lead_id))
    return Notices(position=position, lead=lead_id, items=[NoticeLine.model_validate(one) for one in found])


@notice_questions.get("/notices")
async def dead_letters(
    position: Annotated[Position, caught_up("notices", "people", "teams")],
    caller: Annotated[Principal, allowed("notices.see", of_the_desk)],
    page: APage,
    ask: Question,
) -> DeadLetters:
    """The dead letters: notices that failed, the latest first. A manager sees those about their teams and about none.

    Put right what is wrong (`POST /people/profile-corrections`, the mail server), then
    `POST /leads/{id}/notice-retries`.
    """
    found = await ask(
        notices.dead_letters,
        teams=None if caller.role != "manager" else sorted(caller.answers_for),
        after=page.after(notices.Cursor),
        limit=page.limit,
    )
    return DeadLetters(
        position=position,
        next=page.next(found, notices.Cursor, _place),
        items=[
            DeadLetter(
                lead=LeadId(str(one.stream)) if one.about != "digest" else None,
                **NoticeLine.model_validate(one).model_dump(),
                team=one.team,
            )
            for one in found
        ],
    )


def _place(last: notices.Notice) -> notices.Cursor:
    return notices.Cursor(last.settled_at or last.made_at, last.notice)


@callbacks.post(
    "/callbacks/sms/{lead_id}/{notice}",
    status_code=204,
    response_class=Response,
    openapi_extra={
        "security": [],
        "requestBody": {
            "content": {
                "application/x-www-form-urlencoded": {
                    "schema": {"type": "object", "additionalProperties": {"type": "string"}},
                    "examples": {"example": {"summary": "It has arrived", "value": {"MessageStatus": "delivered"}}},
                }
            }
        },
    },
    responses=documented(401, 413, 422, 503),
)
async def hear_what_became_of_a_text_message(
    lead_id: LeadInPath, notice: UUID, request: Request, office: AnOffice
) -> None:
    """For the SMS gateway alone, which signs what it says with the account's token (`X-Twilio-Signature`)."""
    token, public_url = request.app.state.sms_token, request.app.state.public_url
    said = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
    signature = request.headers.get("x-twilio-signature", "")
    if not (token and public_url and is_signed(token, f"{public_url}{request.url.path}", said, signature)):
        raise KeyNeeded
    status = said.get("MessageStatus")
    if status not in ("delivered", "undelivered", "failed"):
        return
    fate = await _sent(office, lead_id, str(notice))
    if fate.medium != "sms" or fate.provider_id != said.get("MessageSid"):
        # Of another message: one that was tried again since.
        return
    arrived = status == "delivered"
    told = SettleNotice(
        notice=notice,
        about=fate.about,
        medium=fate.medium,
        to=fate.to,
        became="delivered" if arrived else "failed",
        why_failed=None if arrived else "undelivered",
    )
    await office.desk.handle(lead_stream(lead_id), told, by=GATEWAY)


async def _sent(office: Office, lead_id: LeadId, notice: str) -> Fate:
    """What is on record of it, once something is; whoever tells of it too early is asked to come again."""
    for _ in range(int(RECORDED_WITHIN_SECONDS / LOOK_AGAIN_SECONDS)):
        lead: Lead
        lead, _version = await office.desk.state(LEAD, lead_stream(lead_id))
        if notice in lead.fates:
            return lead.fates[notice]
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
    raise LogUnavailable
