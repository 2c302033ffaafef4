"""What moderators are shown, as Discord gets it: within its limits whatever was written, and in words for every act."""

from dataclasses import fields
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.audit import Act
from bot.domain.blocks import Block
from bot.domain.queue import Lane, Narrowed, Tally
from bot.domain.rules import Intake, Rules, Server
from bot.domain.tasks import ErrorCode, Kind, State, TaskId
from bot.service import AuditPage, Doors, QueuePage
from bot.ui import texts
from bot.ui.audit import ACT, audit_sheet
from bot.ui.doors import CHANGE, PUBLIC, doors_sheet, public_words, told_blocked
from bot.ui.pages import QueueState
from bot.ui.queue import ERROR, LANE, possible_acts, queue_sheet, surely_button, task_panel
from bot.ui.words import LANGUAGES, words_for
from tests.fakes.rows import START, make_task
from tests.unit.test_cards import HOSTILE, LIVE_LINK, MASKED_LINKS
from tests.unit.test_lists import ENGLISH, NOW, SNOWFLAKE, assert_discord_takes, labels, row
from tests.unit.test_moderating import line

NOTHING = Tally(open={}, ended={}, failures={}, oldest_waiting_at=None)
EVERYTHING = Tally(
    open=dict.fromkeys(State, 10**6),
    ended=dict.fromkeys(State, 10**6),
    failures=dict.fromkeys([None, *ErrorCode], 10**6),
    oldest_waiting_at=START,
)


def page(*rows: Any, tally: Tally = NOTHING, number: int = 0, has_more: bool = False, **server: Any) -> QueuePage:
    return QueuePage(
        server=Server(guild_id=1, **server), tally=tally, stuck=frozenset({rows[0].id} if rows else ()), rows=rows,
        number=number, has_more=has_more,
    )  # fmt: skip


@settings(max_examples=50)
@given(title=HOSTILE, note=HOSTILE, lane=st.sampled_from(Lane), language=st.sampled_from(["en-US", *LANGUAGES]))
async def test_no_text_makes_discord_refuse_a_queue(title: str, note: str, lane: Lane, language: str) -> None:
    rows = [
        row(SNOWFLAKE + number, title=title[:100], guild_id=SNOWFLAKE, channel_id=SNOWFLAKE, message_id=SNOWFLAKE)
        for number in range(8)
    ]
    state = QueueState(page=99_998, narrowed=Narrowed(lane=lane, kind=Kind.LYRICS, user_id=SNOWFLAKE))
    shown = page(*rows, tally=EVERYTHING, number=99_998, has_more=True, intake=Intake.PAUSED, intake_note=note[:300])

    sheet = queue_sheet(shown, state, words_for(language), now=NOW)

    assert_discord_takes(sheet)
    assert len((sheet[0].description or "").split("\n")) == 8
    assert "@everyone" not in str(sheet[0].to_dict())


def test_a_quiet_queue_shows_what_can_be_shown_and_no_more() -> None:
    embed, view = queue_sheet(page(), QueueState(), ENGLISH, now=NOW)

    assert (embed.description, embed.fields) == ("Nothing is under way in this server.", [])
    assert labels(view)[-4:] == ["Refresh", "Pause & blocks", "Audit", "Live board"]


@given(prompt=HOSTILE, title=st.none() | HOSTILE, state=st.sampled_from(State))
async def test_no_text_makes_discord_refuse_a_task(prompt: str, title: str | None, state: State) -> None:
    task = make_task(
        SNOWFLAKE, state=state, prompt=prompt, title=title and title[:100], card_lost="no_dm",
        error_code=ErrorCode.NO_RESULT,
    )  # fmt: skip

    assert_discord_takes(task_panel(task, ENGLISH, now=NOW, is_blocked=False))


@pytest.mark.parametrize("text", MASKED_LINKS)
async def test_nothing_that_moderators_read_is_a_masked_link(text: str) -> None:
    shown = [
        queue_sheet(page(row(title=text)), QueueState(), ENGLISH, now=NOW)[0],
        task_panel(make_task(prompt=text, title=text), ENGLISH, now=NOW, is_blocked=True)[0],
        audit_sheet(AuditPage(lines=[line(1, reason=text)], number=0, pages=1), None, ENGLISH)[0],
        doors_sheet(doors(Block(guild_id=1, user_id=2, reason=text), intake=Intake.PAUSED, intake_note=text), ENGLISH)[
            0
        ],
    ]
    said = [public_words(Intake.PAUSED, text, ENGLISH), told_blocked(Block(guild_id=1, user_id=2), "x", ENGLISH)]

    assert [one for one in [*(str(embed.description) for embed in shown), *said] if LIVE_LINK.search(one)] == []


@pytest.mark.parametrize("state", State)
def test_each_act_is_offered_only_where_it_can_be_done(state: State) -> None:
    task = make_task(state=state, attempt=2, revision=5)
    offered = {
        State.QUEUED: [Act.CANCEL], State.UNCERTAIN: [Act.RETRY, Act.DROP], State.COMPLETED: [Act.REDELIVER],
    }.get(state, [])  # fmt: skip

    assert list(possible_acts(task)) == offered
    assert [surely_button(act, task, ENGLISH).number for act in offered] == [
        5 if act is Act.REDELIVER else 2 for act in offered
    ]


def test_there_are_words_for_everything() -> None:
    assert (set(LANE), set(ERROR), set(ACT)) == (set(Lane), set(ErrorCode), {None, *Act})
    assert set(texts.INTAKE) == set(CHANGE) == set(PUBLIC) == set(Intake)
    assert {field.name for field in fields(Rules)} <= set(texts.RULE)


# --- blocks ----------------------------------------------------------------------------------------------------------


def doors(*blocks: Block, number: int = 0, has_more: bool = False, **server: Any) -> Doors:
    return Doors(server=Server(guild_id=1, **server), blocks=blocks, number=number, has_more=has_more)


@settings(max_examples=50)
@given(reason=HOSTILE, language=st.sampled_from(["en-US", *LANGUAGES]))
async def test_no_reason_makes_discord_refuse_the_blocks(reason: str, language: str) -> None:
    until = START + timedelta(days=3650)
    blocks = [Block(guild_id=1, user_id=SNOWFLAKE + n, until=until, reason=reason[:300]) for n in range(15)]

    shown = doors_sheet(doors(*blocks, number=8, has_more=True, intake=Intake.DRAINING), words_for(language))

    assert_discord_takes(shown)
    assert len((shown[0].description or "").split("\n")) == 3 + 15


def test_a_server_that_takes_wishes_is_not_offered_to_take_them() -> None:
    shown = [labels(doors_sheet(doors(intake=intake), ENGLISH)[1]) for intake in (Intake.OPEN, Intake.PAUSED)]

    assert shown == [["Pause", "Drain"], ["Take wishes again", "Pause", "Drain"]]


# --- the audit -------------------------------------------------------------------------------------------------------


def told(**changes: Any) -> str:
    """A line of the audit in words, behind who did it."""
    (shown,) = [audit_sheet(AuditPage(lines=[line(1, **changes)], number=0, pages=1), None, ENGLISH)[0]]
    return str(shown.description).partition(" · ")[2]


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ({}, "<@99> · **cancelled**"),
        ({"actor_id": None}, "somebody erased (ref 1a2b…) · **cancelled**"),
        ({"actor_id": None, "actor_ref": None}, "the operator · **cancelled**"),
        ({"subject_ref": "3c4d", "subject_id": 8, "task_id": TaskId(5)}, "<@99> · **cancelled** · `#5` · <@8>"),
        ({"subject_ref": "3c4d5e"}, "<@99> · **cancelled** · somebody erased (ref 3c4d…)"),
        ({"reason": "*Loud*"}, "<@99> · **cancelled** · “\\*Loud\\*”"),
    ],
)
def test_people_are_mentions_where_they_are_known(who: dict[str, Any], words: str) -> None:
    assert told(**{"actor_ref": "1a2b3c", **who}) == words


RULES = Rules(monthly_usd=Decimal("5.50"), others_may_continue=False, words=("a", "b"), roles=frozenset({3}))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({"state": "queued"}, {"state": "cancelled"}, "state: in line → cancelled"),
        ({"intake": "open"}, {"intake": "draining"}, "intake: wishes are taken → draining"),
        ({}, {"until": None}, "blocked: no → for good"),
        ({"until": "2026-01-01T00:00:00+00:00"}, {}, "blocked: until <t:1767225600> → no"),
        ({"monthly_usd": None}, {"monthly_usd": "5.50"}, "Dollars in one month: no limit → $5.50"),
        (
            {"others_may_continue": True},
            {"others_may_continue": False},
            "Others' songs: Members may continue each other's songs → Only whoever asked for a song may continue it",
        ),
        ({"channels": []}, {"channels": [1, 2]}, "Channels: everywhere → <#1> <#2>"),
        ({"roles": [3]}, {"roles": []}, "Roles: <@&3> → everybody's wishes"),
        ({"words": []}, {"words": list("abcdefg")}, "Words kept out: none → a, b, c, d, e, f, g"),
        ({"keep_days": None}, {"keep_days": 30}, "Days that texts and results are kept: for good → 30 days"),
        ({"new*rule": 1}, {"new*rule": 2}, "new\\*rule: 1 → 2"),
        (
            {"locale": "de", "model": "x"},
            {"locale": "ja", "model": "y"},
            "Language of cards: Deutsch → \u65e5\u672c\u8a9e; Model: x → y",
        ),
    ],
)
def test_what_changed_is_told_from_what_to_what(before: dict[str, Any], after: dict[str, Any], words: str) -> None:
    assert told(act=Act.RULES, before=before, after=after) == f"<@99> · **rules changed** · {words}"


def test_every_rule_can_be_told() -> None:
    names = [field.name for field in fields(Rules)]

    for name in names:
        assert told(before=Rules().plain([name]), after=RULES.plain([name])).count("→") == 1


def test_of_a_change_that_is_too_long_only_its_name_is_told() -> None:
    changes = {
        "before": {"channels": [], "locale": None},
        "after": {"channels": [10**17 + n for n in range(20)], "locale": "ja"},
    }

    assert told(**changes).endswith(
        "Channels: …; Language of cards: the one of this server in Discord → \u65e5\u672c\u8a9e"
    )


@settings(max_examples=50)
@given(reason=HOSTILE, word=HOSTILE, language=st.sampled_from(["en-US", *LANGUAGES]))
async def test_no_line_makes_discord_refuse_the_audit(reason: str, word: str, language: str) -> None:
    changes = {"before": {"words": [], "patterns": []}, "after": {"words": [word[:100]] * 200, "patterns": [word] * 9}}
    people = {"actor_ref": "1" * 32, "actor_id": None, "subject_ref": "2" * 32, "task_id": TaskId(SNOWFLAKE)}
    lines = [line(number, reason=reason[:300], act=Act.INTAKE, **people, **changes) for number in range(8)]

    shown = audit_sheet(AuditPage(lines=lines, number=9998, pages=9999), Act.INTAKE, words_for(language))

    assert_discord_takes(shown)
    assert len((shown[0].description or "").split("\n")) == 8
    assert "@everyone" not in (shown[0].description or "")
