"""What a board and a warning show, and what each refusal of Discord means for them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from bot.domain.limits import Used, month_of
from bot.domain.notices import BOARD_ROWS, BudgetWarning, OpenTask, Standing, standing_of
from bot.domain.outage import Cause
from bot.domain.rules import Intake, Rules, Server
from bot.domain.tasks import Kind, State, TaskId
from bot.engine.ports import Gone, ShowLaterError
from bot.ui.notices import Noticeboard, _nonce, board_card, warning_words
from bot.ui.words import words_for
from tests.fakes.board_channel import ASKED, GUILD
from tests.fakes.rows import START
from tests.fakes.small_discord import FakeDiscord, message, reach
from tests.unit.test_verdicts import refusal

ENGLISH = words_for("en-US")
HERE = Server(guild_id=GUILD)
BOARD = replace(ASKED, message_id=5, sending_at=START)
LONGEST_ID = 2**63 - 1


def open_task(number: int, state: State = State.QUEUED, **changes: Any) -> OpenTask:
    values: dict[str, Any] = {
        "id": TaskId(number), "kind": Kind.SONG, "state": state, "created_at": START + timedelta(seconds=number),
        "user_id": 7, "guild_id": GUILD, "channel_id": 700, "message_id": 7000 + number, "card_lost": None,
    }  # fmt: skip
    return OpenTask(**{**values, **changes})


def drawn(standing: Standing) -> str:
    return board_card(standing, ENGLISH).embed.description or ""


def test_a_board_counts_and_names_what_is_under_way() -> None:
    tasks = [
        open_task(1, State.RUNNING, kind=Kind.LYRICS), open_task(2, State.SUBMITTING), open_task(3, State.UNCERTAIN),
        open_task(4), open_task(5, user_id=8, card_lost="no_channel"), open_task(6, message_id=None),
    ]  # fmt: skip

    assert drawn(standing_of(HERE, tasks, [TaskId(5), TaskId(4), TaskId(6)])) == (
        "Wishes are taken.\n\n"
        "in line **3** · being sent **1** · being made **1** · unclear **1**\n"
        "The oldest in line was asked for <t:1767225604:R>.\n\n"
        "**Next in line**\n"
        "#5 Song · <@8> · <t:1767225605:R>\n"
        "[#4](https://discord.com/channels/70/700/7004) Song · <@7> · <t:1767225604:R>\n"
        "#6 Song · <@7> · <t:1767225606:R>\n\n"
        "**Being made**\n"
        "[#1](https://discord.com/channels/70/700/7001) Lyrics · <@7> · <t:1767225601:R>\n"
        "[#2](https://discord.com/channels/70/700/7002) Song · <@7> · <t:1767225602:R>\n\n"
        "**Unclear**: somebody has to decide\n"
        "[#3](https://discord.com/channels/70/700/7003) Song · <@7> · <t:1767225603:R>"
    )


@pytest.mark.parametrize(
    ("intake", "note", "begins"),
    [
        (Intake.OPEN, "an old note", "Wishes are taken.\n\n"),
        (Intake.PAUSED, None, "**Paused.** Nothing new is taken, and the line is held.\n\n"),
        (Intake.DRAINING, "*Tea*\n@here", "**Draining.** Nothing new is taken; what was asked for is still made.\n"
         "The moderators say: \\*Tea\\* @\u200bhere\n\n"),
    ],
)  # fmt: skip
def test_a_board_says_whether_wishes_are_taken(intake: Intake, note: str | None, begins: str) -> None:
    text = drawn(standing_of(replace(HERE, intake=intake, intake_note=note), [], []))

    assert text == f"{begins}Nothing is under way in this server."


@pytest.mark.parametrize("intake", Intake)
def test_where_the_operator_has_not_allowed_the_bot_the_board_says_so(intake: Intake) -> None:
    server = replace(HERE, intake=intake, intake_note="Tea")

    assert drawn(standing_of(server.as_it_stands({GUILD + 1}, None), [], [])).startswith("**Not served.** The operator")
    assert drawn(standing_of(server.as_it_stands({GUILD}, None), [], [])) == drawn(standing_of(server, [], []))
    assert drawn(standing_of(server.as_it_stands(frozenset(), None), [], [])) == drawn(standing_of(server, [], []))


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (Cause.REACH, "TokenLab is out of reach at the moment. Please try again in a few minutes."),
        *(
            (one, "I can't make anything at the moment: the operator of this bot has to fix something first.")
            for one in Cause
            if one is not Cause.REACH
        ),
    ],
)
@pytest.mark.parametrize(
    ("intake", "begins"),
    [
        (Intake.OPEN, ""),
        (Intake.PAUSED, "**Paused.** Nothing new is taken, and the line is held.\nThe moderators say: Tea\n"),
    ],
)
def test_a_board_says_what_stops_everybody(intake: Intake, begins: str, cause: Cause, said: str) -> None:
    server = replace(HERE, intake=intake, intake_note="Tea").as_it_stands(frozenset(), cause)
    text = drawn(standing_of(server, [], []))

    assert text == f"{begins}{said}\n\nNothing is under way in this server."


def test_a_long_line_is_cut_and_the_longest_board_fits() -> None:
    ids = {"user_id": LONGEST_ID, "guild_id": LONGEST_ID, "channel_id": LONGEST_ID, "message_id": LONGEST_ID}
    tasks = [open_task(10**9 + n, state, **ids) for n in range(99) for state in (State.QUEUED, State.RUNNING)]
    server = replace(HERE, intake=Intake.PAUSED, intake_note="*" * 900)
    for locale in ("en-US", "de", "es", "ja"):
        text = board_card(standing_of(server, tasks, []), words_for(locale)).embed.description or ""
        assert text.count(f"<@{LONGEST_ID}>") == 2 * BOARD_ROWS


def test_a_moment_that_passes_is_no_reason_for_an_edit_and_a_change_is() -> None:
    board = Noticeboard(reach(FakeDiscord()))
    looks = board.looks(BOARD, standing_of(HERE, [open_task(1)], []))

    assert board.looks(BOARD, standing_of(HERE, [open_task(1, created_at=START)], [])) == looks
    others = [
        standing_of(HERE, [open_task(1, State.RUNNING)], []),
        standing_of(HERE, [open_task(1, user_id=8)], []),
        standing_of(replace(HERE, intake=Intake.DRAINING), [open_task(1)], []),
    ]
    assert len({looks, *(board.looks(BOARD, other) for other in others)}) == 4
    assert len(looks) == 64


@pytest.mark.parametrize(
    ("rules", "text"),
    [
        ({"monthly_songs": 20}, "16 of 20 songs"),
        ({"monthly_songs": 1}, "16 of 1 song"),
        ({"monthly_usd": Decimal(4)}, "$3.20 of $4.00"),
        ({"monthly_songs": 20, "monthly_usd": Decimal("4.5")}, "16 of 20 songs, $3.20 of $4.50"),
    ],
)
def test_a_warning_tells_what_of_the_budget_is_used(rules: dict[str, Any], text: str) -> None:
    used = Used(month_songs=16, month_usd=Decimal("3.2"))

    assert warning_words(Rules(**rules), used, ENGLISH) == f"Most of this month's budget is used: {text}."


# --- sending ---------------------------------------------------------------------------------------------------------


NOTHING = standing_of(HERE, [], [])


@pytest.mark.parametrize(
    ("status", "code"), [(404, 10008), (404, 10003), (403, 50001), (403, 50013), (400, 50035), (404, 0)]
)
async def test_a_refusal_for_good_ends_a_board(status: int, code: int) -> None:
    client = FakeDiscord(edit=refusal(status, code), send=refusal(status, code))
    board = Noticeboard(reach(client))

    for doing in (board.edit(BOARD, NOTHING), board.post(BOARD, NOTHING)):
        with pytest.raises(Gone) as gone:
            await doing
        assert gone.value.is_final is (code in {10008, 10003})


async def test_the_warning_of_another_budget_is_another_message() -> None:
    sent = []
    for monthly_songs in (10, 20, 10):
        client = FakeDiscord()
        rules = Rules(monthly_songs=monthly_songs)
        warning = BudgetWarning(server=replace(HERE, guild_id=10**19, rules=rules), month=START, used=Used())
        await Noticeboard(reach(client)).warn(warning, 900)
        sent.append(next(payload["nonce"] for asked, payload in client.asked if asked == "send"))
    assert sent[0] == sent[2] != sent[1]
    assert max(map(len, sent)) <= 25


def test_a_board_speaks_the_language_of_its_server() -> None:
    board = Noticeboard(reach(FakeDiscord()))
    german = standing_of(replace(HERE, rules=Rules(locale="de")), [], [])
    assert (
        board.looks(BOARD, NOTHING) != board.looks(BOARD, german) == board.looks(replace(BOARD, locale="de"), NOTHING)
    )


@pytest.mark.parametrize("code", [30046, 50083])
async def test_some_messages_are_shown_only_by_a_fresh_one(code: int) -> None:
    client = FakeDiscord(edit=refusal(429 if code == 30046 else 400, code))

    assert not await Noticeboard(reach(client)).edit(BOARD, NOTHING)


async def test_a_passing_failure_ends_nothing() -> None:
    trouble = refusal(503, 0)
    board = Noticeboard(reach(FakeDiscord(edit=trouble, send=trouble, history=trouble)))

    for doing in (board.edit(BOARD, NOTHING), board.post(BOARD, NOTHING), board.find(BOARD)):
        with pytest.raises(ShowLaterError):
            await doing


async def test_a_lost_board_is_known_by_its_buttons() -> None:
    client = FakeDiscord()
    board, down = Noticeboard(reach(client)), "encore:board_down:0"
    client.messages = [
        message(custom_id=down, at=START - timedelta(hours=1)),
        message(author=99, custom_id=down, at=START),
        message(custom_id="encore:cancel:1", at=START),
    ]
    assert await board.find(BOARD) is None
    client.messages.append(found := message(custom_id=down, at=START + timedelta(seconds=1)))
    assert await board.find(BOARD) == found.id
    assert await board.find(replace(BOARD, message_id=found.id)) is None
    assert await board.find(ASKED) is None


async def test_where_nobody_may_look_nothing_is_found() -> None:
    assert await Noticeboard(reach(FakeDiscord(history=refusal(403, 50001)))).find(BOARD) is None


@pytest.mark.parametrize(
    ("ruled", "known", "text"),
    [(None, "de", "de"), ("ja", "de", "ja"), (None, None, "en-US")],
)
async def test_a_warning_speaks_the_language_of_its_server(ruled: str | None, known: str | None, text: str) -> None:
    client: Any = FakeDiscord()
    client.get_guild = lambda _id: SimpleNamespace(preferred_locale=known) if known else None
    rules = Rules(monthly_songs=20, locale=ruled)
    server, used = Server(guild_id=LONGEST_ID, rules=rules), Used(month_songs=16)
    await Noticeboard(reach(client)).warn(BudgetWarning(server=server, month=month_of(START), used=used), 700)

    ((_, payload),) = client.asked
    assert payload["content"] == warning_words(rules, used, words_for(text))
    assert len(payload["nonce"]) <= 25


def test_a_nonce_fits_and_names_channel_and_moment() -> None:
    later = replace(BOARD, sending_at=START + timedelta(milliseconds=1))
    elsewhere = replace(BOARD, channel_id=LONGEST_ID)

    assert len({_nonce(BOARD), _nonce(later), _nonce(elsewhere)}) == 3
    assert len(_nonce(elsewhere)) <= 25
