"""The use cases: who may do what, and that a refusal leaves nothing behind."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.audit import Act
from bot.domain.blocks import Block
from bot.domain.limits import day_of, next_month_of
from bot.domain.price import Price
from bot.domain.refusals import Reason, Refused, WishPart
from bot.domain.replies import parse_reply
from bot.domain.rules import EVERYWHERE, Intake, RuleChanges, Rules, Server
from bot.domain.takes import MediaFile
from bot.domain.tasks import Kind, Result, Role, State, TaskId
from bot.domain.wishes import (
    LYRICS_MAX_CHARS,
    ContinuationWish,
    LyricsWish,
    SongWish,
    WishError,
    WishProblem,
)
from bot.service import Asker
from bot.store.schema import drafts, lyrics_versions, servers
from bot.tokenlab.model_info import ModelInfo
from tests.fakes.engine_fakes import SONG
from tests.fakes.office import DONE, MODELS, Office, afterwards, asker, refused, replaced
from tests.fakes.rows import START, make_task

pytestmark = pytest.mark.usefixtures("databases")


# --- asking ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "made"), [(None, "suno-music"), ("suno_music", "suno-music"), ("suno-music", "suno-music")]
)
async def test_a_model_is_known_by_its_id_and_its_aliases(wanted: str | None, made: str) -> None:
    task = await Office().service.asking.request(SongWish(prompt="x", model=wanted), asker())

    assert (task.model, task.version) == (made, "chirp-v4")


async def test_before_the_catalogue_is_read_any_model_is_believed() -> None:
    assert (await Office(models=None).service.asking.request(SongWish(prompt="x", model="new"), asker())).model == "new"


@pytest.mark.parametrize(
    ("wish", "models", "reason"),
    [
        (SongWish(prompt="x", model="words"), MODELS, Reason.UNKNOWN_MODEL),
        (SongWish(prompt="x", model="old"), MODELS, Reason.UNKNOWN_MODEL),
        (SongWish(prompt="x", model="none"), MODELS, Reason.UNKNOWN_MODEL),
        (LyricsWish(prompt="x", model="suno-music"), MODELS, Reason.UNKNOWN_MODEL),
        (LyricsWish(prompt="x", model="words"), None, Reason.LYRICS_UNKNOWN),
        (LyricsWish(prompt="x"), None, Reason.LYRICS_UNKNOWN),
        (LyricsWish(prompt="x"), MODELS[:1], Reason.NO_LYRICS_MODEL),
        (ContinuationWish(parent_id=TaskId(99)), MODELS, Reason.NOT_FOUND),
    ],
)
async def test_what_can_not_be_made_is_refused_before_the_row(wish: Any, models: Any, reason: Reason) -> None:
    office = Office(models=models)

    assert await refused(office.service.asking.request(wish, asker())) is reason
    assert len(office.rows) == 0


@pytest.mark.parametrize("model", [None, "words"])
async def test_lyrics_have_a_model_and_no_version(model: str | None) -> None:
    task = await Office().service.asking.request(LyricsWish(prompt="x", model=model), asker())

    assert (task.kind, task.model, task.version) == (Kind.LYRICS, "words", None)


async def test_another_lyrics_model_may_be_chosen() -> None:
    models = [*MODELS, ModelInfo(id="more-words", operations=("lyrics",))]

    task = await Office(models=models).service.asking.request(LyricsWish(prompt="x", model="more-words"), asker())

    assert task.model == "more-words"


QUARTER = Price(min_usd=Decimal("0.10"), max_usd=Decimal("0.25"))
PRICED = [replace(MODELS[0], price=QUARTER), *MODELS[1:]]
USED_UP = {"monthly_songs": 2}
"""What is used up, too, but not what is told."""
TOMORROW = (day_of(START) + timedelta(days=1),)
NEXT_MONTH = (next_month_of(START),)


@pytest.mark.parametrize(
    ("rules", "models", "reason", "when"),
    [
        ({"waiting_per_member": 1, **USED_UP}, MODELS, Reason.LINE_FULL, ()),
        ({"waiting_per_server": 1, **USED_UP}, MODELS, Reason.SERVER_LINE_FULL, ()),
        ({"daily_per_member": 2, **USED_UP}, MODELS, Reason.DAY_USED, TOMORROW),
        ({"daily_per_server": 2, **USED_UP}, MODELS, Reason.SERVER_DAY_USED, TOMORROW),
        ({"monthly_songs": 2}, MODELS, Reason.BUDGET_USED, NEXT_MONTH),
        ({"monthly_usd": Decimal("0.25")}, PRICED, Reason.BUDGET_USED, NEXT_MONTH),
        ({"monthly_usd": Decimal("0.25")}, MODELS, Reason.UNPRICED, ()),
    ],
)
async def test_a_limit_is_a_refusal(
    rules: dict[str, Any], models: Any, reason: Reason, when: tuple[datetime, ...]
) -> None:
    office = Office(DONE, make_task(2, price_max_usd=Decimal("0.25")), models=models)
    draft = await _draft(office)

    async def told(doing: Any) -> tuple[Reason, tuple[Any, ...], bool]:
        unwarned = {"intake": Intake.OPEN, "warned_for": None, "warning_due": False}
        office.rows.write(servers, guild_id=70, rules=Rules(**rules).encode(), **unwarned)
        with pytest.raises(Refused) as caught:
            await doing
        (home,) = office.rows.all(servers)
        return caught.value.reason, caught.value.details, home.warning_due

    expected = (reason, when, reason is Reason.BUDGET_USED)
    assert await told(office.service.asking.request(SongWish(prompt="x"), asker())) == expected
    assert await told(office.service.asking.start_draft(draft.id, asker(), message_id=1)) == expected
    assert [task.id for task in office.rows.tasks] == [1, 2]
    assert await office.drafts.get(draft.id) == draft
    price = {} if reason is Reason.UNPRICED else {"price_max_usd": QUARTER.max_usd}
    office.rows.change(1, state=State.UNCERTAIN, attempt=1, **price)
    retrying = office.service.deciding.retry(TaskId(1), asker(), attempt=1)
    if "monthly_usd" in rules:
        assert await told(retrying) == expected
        assert office.rows[1].state is State.UNCERTAIN
    else:  # it is no other wish, it only costs once more
        assert (await retrying).state is State.QUEUED


SOON = START + timedelta(hours=1)


@pytest.mark.parametrize(
    ("server", "block", "reason", "details"),
    [
        ({}, {"guild_id": 70}, Reason.BLOCKED, ()),
        ({}, {"guild_id": 70, "until": SOON}, Reason.BLOCKED, (SOON,)),
        ({}, {"guild_id": EVERYWHERE, "until": SOON}, Reason.BLOCKED_BY_OPERATOR, ()),
        ({"intake": Intake.PAUSED}, None, Reason.PAUSED, ()),
        ({"intake": Intake.DRAINING, "intake_note": "Back at 8"}, None, Reason.PAUSED, ("Back at 8",)),
        ({"rules": Rules(channels=frozenset({702, 701}))}, None, Reason.WRONG_CHANNEL, (701, 702)),
        ({"rules": Rules(roles=frozenset({5}))}, None, Reason.WRONG_ROLE, (5,)),
    ],
)
async def test_a_server_decides_who_may_ask_and_where(
    server: dict[str, Any], block: dict[str, Any] | None, reason: Reason, details: tuple[Any, ...]
) -> None:
    office = Office(DONE)
    draft = await _draft(office)
    office.rows.put_server(Server(guild_id=70, **server))
    if block:
        office.rows.put_block(Block(user_id=7, **block))

    with pytest.raises(Refused) as caught:
        await office.service.asking.request(SongWish(prompt="x"), asker())
    assert (caught.value.reason, caught.value.details) == (reason, details)
    assert await refused(office.service.asking.start_draft(draft.id, asker(), message_id=1)) is reason
    assert [task.id for task in office.rows.tasks] == [DONE.id]


async def test_rules_of_a_server_let_in_whom_they_name() -> None:
    office = Office()
    rules = Rules(channels=frozenset({700}), roles=frozenset({5}), model="other", version="chirp-v5", locale="de")
    office.rows.put_server(Server(guild_id=70, rules=rules))
    office.rows.put_block(Block(guild_id=70, user_id=7, until=START))
    office.rows.put_block(Block(guild_id=71, user_id=7))
    office.rows.put_block(Block(guild_id=70, user_id=8))

    task = await office.service.asking.request(SongWish(prompt="x"), asker(roles=frozenset({5, 6})))
    assert (task.version, task.locale) == ("chirp-v5", "de")
    thread = asker(interaction_id=501, channel_id=799, places=frozenset({799, 700}), roles=frozenset({5}))
    assert (await office.service.asking.request(SongWish(prompt="y"), thread)).channel_id == 799
    elsewhere = asker(interaction_id=502, guild_id=None, channel_id=9, places=frozenset({9}))
    assert (await office.service.asking.request(SongWish(prompt="z"), elsewhere)).locale == "en-US"


@pytest.mark.parametrize("category", [900, 901])
async def test_what_a_channel_belongs_to_is_found_out_only_where_that_may_let_a_wish_in(category: int) -> None:
    office, asked = Office(), list[int]()

    async def above(channel_id: int) -> frozenset[int]:
        asked.append(channel_id)
        return frozenset({category})

    office.service.use_places(above)
    office.rows.put_server(Server(guild_id=70, rules=Rules(channels=frozenset({900, 701}))))
    request = office.service.asking.request
    known = asker(places=frozenset({701}), unplaced_id=700)
    assert (await request(SongWish(prompt="x"), known)).channel_id == 700
    assert await refused(request(SongWish(prompt="y"), asker(interaction_id=501))) is Reason.WRONG_CHANNEL
    assert asked == []

    unplaced = request(SongWish(prompt="z"), asker(interaction_id=502, unplaced_id=700))
    if category == 900:
        await unplaced
    else:
        assert await refused(unplaced) is Reason.WRONG_CHANNEL
    assert asked == [700]


async def test_a_server_may_keep_songs_to_their_owners() -> None:
    office = Office(DONE)
    office.rows.put_server(Server(guild_id=70, rules=Rules(others_may_continue=False)))

    assert await refused(office.service.asking.continuable(DONE.id, asker(user_id=8))) is Reason.NOT_OPEN
    assert await office.service.asking.continuable(DONE.id, asker()) == DONE


async def test_missing_permissions_are_named() -> None:
    with pytest.raises(Refused) as caught:
        await Office().service.asking.request(SongWish(prompt="x"), asker(missing_permissions=("see", "send")))

    assert (caught.value.reason, caught.value.details) == (Reason.MISSING_PERMISSION, ("see", "send"))


async def test_a_card_that_is_confirmed_twice_joins_the_line_once() -> None:
    office = Office(make_task(state=State.RECEIVED, revision=1, shown_revision=0, message_id=None))
    before = office.rows[1]

    await office.service.asking.shown(before, 42)
    await office.service.asking.shown(before, 43)

    assert (office.rows[1].state, office.rows[1].message_id) == (State.QUEUED, 42)
    assert office.rows.messages == [(1, 42, Role.CARD)]
    assert office.rung == ["queued", "queued"]


@pytest.mark.parametrize(("number", "ahead"), [(1, 0), (2, 1)])
async def test_a_place_is_known_before_a_wish_has_joined_the_line(number: int, ahead: int) -> None:
    office = Office(make_task(1), make_task(2, state=State.RECEIVED))

    place = await office.service.asking.place_of(office.rows[number])

    assert place is not None
    assert place.ahead == ahead


# --- words that are kept out -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "part"),
    [
        (SongWish(prompt="r.u.d.e"), WishPart.PROMPT),
        (LyricsWish(prompt="rude"), WishPart.PROMPT),
        (SongWish(prompt="x", title="RUDE"), WishPart.TITLE),
        (SongWish(prompt="x", tags="blues, rude"), WishPart.TAGS),
        (ContinuationWish(parent_id=TaskId(1), prompt="rude"), WishPart.PROMPT),
        (ContinuationWish(parent_id=TaskId(2)), WishPart.TITLE),
    ],
)
@pytest.mark.parametrize(
    ("guild_id", "reason"), [(70, Reason.FORBIDDEN_WORD), (EVERYWHERE, Reason.FORBIDDEN_BY_OPERATOR)]
)
async def test_a_wish_with_a_word_that_is_kept_out_is_refused_by_the_text_that_holds_it(
    wish: Any, part: WishPart, guild_id: int, reason: Reason
) -> None:
    office = Office(DONE, replace(DONE, id=TaskId(2), origin_key="i:2", title="Rude"))
    office.rows.put_server(Server(guild_id=guild_id, rules=Rules(words=("rude",))))

    with pytest.raises(Refused) as caught:
        await office.service.asking.request(wish, asker())
    assert (caught.value.reason, caught.value.details) == (reason, (part,))
    assert [task.id for task in office.rows.tasks] == [1, 2]


async def test_the_filter_of_a_server_holds_there_alone() -> None:
    office = Office()
    office.rows.put_server(Server(guild_id=71, rules=Rules(words=("rude",))))

    await office.service.asking.request(SongWish(prompt="rude"), asker())
    await office.service.asking.request(SongWish(prompt="rude one"), asker(interaction_id=501, guild_id=None))


async def test_a_changed_rule_is_told_with_what_it_is_below_of() -> None:
    office = Office(make_task(1), make_task(2))
    office.rows.put_server(Server(guild_id=70, rules=Rules(daily_per_server=1)))

    lower = await office.service.ruling.change(
        70, 9, RuleChanges(waiting_per_member=1, daily_per_member=0, monthly_songs=2)
    )

    assert lower == {"waiting_per_member": 2, "daily_per_member": 2}
    assert office.rung == ["queued"]
    (deed,) = office.rows.deeds
    assert (deed.act, deed.guild_id, deed.actor_id) == (Act.RULES, 70, 9)
    assert await refused(office.service.ruling.change(70, 9, RuleChanges(model="words"))) is Reason.UNKNOWN_MODEL


# --- continuing ------------------------------------------------------------------------------------------------------


async def _draft(office: Office, text: str = "softer") -> Any:
    return await office.service.asking.draft_reply(parse_reply(text), office.rows.tasks[0], asker(), message_id=9)


async def test_a_continuation_takes_over_what_its_parent_was_made_with() -> None:
    office = Office(replace(DONE, tags="blues", title="Low Tide", instrumental=True, model="m", version="v"))

    task = await office.service.asking.request(ContinuationWish(parent_id=TaskId(1), at_s=5.0), asker())

    assert (task.tags, task.title, task.instrumental, task.model, task.version) == ("blues", "Low Tide", True, "m", "v")
    assert (task.prompt, task.clip_id, task.continue_at_s) == (DONE.prompt, "clip_1", 5.0)


@pytest.mark.parametrize(
    ("changes", "who", "reason"),
    [
        ({}, {"user_id": 8, "channel_id": 701}, Reason.NOT_YOURS),
        ({"kind": Kind.LYRICS}, {}, Reason.NO_CLIP),
        ({"state": State.RUNNING}, {}, Reason.NOT_FINISHED),
        ({"clip_candidates": {}}, {}, Reason.NO_CLIP),
        ({"clip_candidates": {"data": ["x"]}}, {}, Reason.NO_CLIP),
    ],
)
async def test_what_can_not_be_continued_is_refused(
    changes: dict[str, Any], who: dict[str, Any], reason: Reason
) -> None:
    office = Office(replace(DONE, **changes))

    assert await refused(office.service.asking.continuable(TaskId(1), asker(**who))) is reason


@pytest.mark.parametrize(("channel_id", "user_id"), [(700, 8), (701, 7), (700, 7)])
async def test_the_owner_anywhere_and_others_where_it_was_posted_may_continue(channel_id: int, user_id: int) -> None:
    assert await Office(DONE).service.asking.continuable(TaskId(1), asker(user_id, channel_id=channel_id)) == DONE


async def test_a_draft_with_a_secret_is_not_kept() -> None:
    office = Office(DONE)

    with pytest.raises(WishError):
        await _draft(office, "sk-proj-abcdefghij0123456789abcdefghij0123456789")
    assert office.rows.all(drafts) == []


async def test_a_program_that_is_stopping_keeps_no_drafts_and_tries_nothing_again() -> None:
    office = Office(DONE)
    draft = await _draft(office)
    office.service.close()

    assert await refused(_draft(office)) is Reason.CLOSING
    assert await refused(office.service.asking.start_draft(draft.id, asker(), message_id=1)) is Reason.CLOSING
    assert await refused(office.service.deciding.retry(TaskId(1), asker(), attempt=0)) is Reason.CLOSING


@pytest.mark.parametrize("text", ["softer", "softer from 0:00", "softer from the end"])
async def test_extending_by_upload_needs_a_start(text: str) -> None:
    office = Office(DONE, upload_extend=True)

    assert await refused(_draft(office, text)) is Reason.NEEDS_START


@pytest.mark.parametrize(
    ("text", "at_s"), [("softer from the middle", 30.0), ("softer", None), ("from the end softer", None)]
)
async def test_a_draft_begins_where_its_reply_says(text: str, at_s: float | None) -> None:
    draft = await _draft(
        Office(replace(DONE, media=(MediaFile(name="a.mp3", shown_as="a.mp3", size_bytes=1, duration_s=60.0),))), text
    )

    assert (draft.wish.at_s, draft.wish.prompt) == (at_s, "softer")


@pytest.mark.parametrize(
    ("text", "length_s", "reason"),
    [
        ("from the middle", None, Reason.NEEDS_START),
        ("from 1:05", 60.0, Reason.BEYOND_END),
        ("from the last 70 seconds", 60.0, Reason.BEYOND_END),
    ],
)
async def test_a_reply_from_where_the_song_has_nothing_is_refused(
    text: str, length_s: float | None, reason: Reason
) -> None:
    media = (MediaFile(name="a.mp3", shown_as="a.mp3", size_bytes=1, duration_s=length_s),) if length_s else ()

    assert await refused(_draft(Office(replace(DONE, media=media)), text)) is reason


@pytest.mark.parametrize("upload_extend", [True, False])
async def test_where_it_is_not_clear_from_where_the_draft_is_kept_until_one_is_chosen(*, upload_extend: bool) -> None:
    office = Office(DONE, upload_extend=upload_extend)
    draft = await _draft(office, "from 0:30, drums at 0:45")
    assert (draft.wish.at_s, draft.wish.prompt) == (None, "from 0:30, drums at 0:45")

    chosen = await office.service.asking.choose_start(draft.id, asker(), 45.0)

    assert isinstance(chosen.wish, ContinuationWish)
    assert (chosen.wish.at_s, chosen.wish.prompt) == (45.0, "from 0:30, drums")
    kept = await office.service.asking.drafted(draft.id, asker())
    assert kept.wish == chosen.wish


async def test_nobody_chooses_for_somebody_else() -> None:
    office = Office(DONE)
    draft = await _draft(office, "from 0:30 or 0:45 softer")

    assert await refused(office.service.asking.choose_start(draft.id, asker(8), 45.0)) is Reason.NOT_YOURS


async def test_a_draft_becomes_one_task_and_is_gone() -> None:
    office = Office(DONE)
    draft = await _draft(office)

    task = await office.service.asking.start_draft(draft.id, asker(), message_id=42)

    assert (task.prompt, task.message_id, task.interaction_token, task.origin_key) == ("softer", 42, None, "r:9")
    assert await refused(office.service.asking.start_draft(draft.id, asker(), message_id=42)) is Reason.DRAFT_GONE


async def test_a_draft_that_goes_at_the_last_moment_is_gone() -> None:
    office = Office(DONE)
    asking = office.service.asking
    afterwards(office.drafts, "get", lambda: office.drafts.drop(draft.id))

    draft = await _draft(office)
    assert await refused(asking.drop_draft(draft.id, asker())) is Reason.DRAFT_GONE
    draft = await _draft(office)
    assert await refused(asking.start_draft(draft.id, asker(), message_id=1)) is Reason.DRAFT_GONE
    assert [task.id for task in office.rows.tasks] == [DONE.id]


# --- changing --------------------------------------------------------------------------------------------------------

MODERATOR = {"user_id": 8, "is_moderator": True}


async def act(office: Office, action: str, who: Any) -> Any:
    more = {"attempt": 0} if action == "retry" else {}
    return await getattr(office.service.deciding, action)(TaskId(1), who, **more)


@pytest.mark.parametrize(
    ("who", "guild_id", "reason"),
    [
        ({}, 70, None),
        (MODERATOR, 70, None),
        ({"user_id": 8}, 70, Reason.NOT_YOURS),
        ({**MODERATOR, "guild_id": 71}, 70, Reason.NOT_YOURS),
        ({**MODERATOR, "guild_id": None}, None, Reason.NOT_YOURS),
    ],
)
@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        ("cancel", State.QUEUED, State.CANCELLED),
        ("retry", State.UNCERTAIN, State.QUEUED),
        ("drop", State.UNCERTAIN, State.CANCELLED),
        ("uncertain", State.UNCERTAIN, State.UNCERTAIN),
    ],
)
async def test_only_owners_and_moderators_of_the_same_server_change_a_task(
    action: str, before: State, after: State, who: dict[str, Any], guild_id: int | None, reason: Reason | None
) -> None:
    office = Office(make_task(state=before, guild_id=guild_id))
    doing = act(office, action, asker(**who))

    if reason:
        assert await refused(doing) is reason
    else:
        await doing
    assert office.rows[1].state is (before if reason else after)


@pytest.mark.parametrize(
    ("action", "state"),
    [
        (action, state)
        for action in ("cancel", "retry", "drop", "uncertain")
        for state in State
        if state is not (State.QUEUED if action == "cancel" else State.UNCERTAIN)
    ],
)
async def test_a_task_in_another_state_is_past_changing(action: str, state: State) -> None:
    office = Office(make_task(state=state))

    assert await refused(act(office, action, asker())) is Reason.TOO_LATE


async def test_a_confirmation_counts_for_the_attempt_that_it_was_asked_about() -> None:
    office = Office(make_task(state=State.UNCERTAIN, attempt=2))

    assert await refused(office.service.deciding.retry(TaskId(1), asker(), attempt=1)) is Reason.TOO_LATE
    assert office.rows[1].state is State.UNCERTAIN


async def test_who_comes_second_is_too_late() -> None:
    office = Office(make_task())
    afterwards(office.rows, "get", lambda: office.rows.change(1, state=State.SUBMITTING, attempt=1))

    assert await refused(office.service.deciding.cancel(TaskId(1), asker())) is Reason.TOO_LATE
    assert office.rows[1].state is State.SUBMITTING


async def test_of_a_server_that_is_gone_the_whole_line_is_cancelled_however_long_it_is() -> None:
    office = Office(*(make_task(number) for number in range(1, 1002)), make_task(2000, guild_id=71))

    await office.service.deciding.server_removed(70)

    left = [task.id for task in office.rows.tasks if task.state is State.QUEUED]
    assert left == [2000]


async def test_what_is_submitted_while_its_server_goes_is_left_alone() -> None:
    office = Office(make_task(1), make_task(2))
    afterwards(office.rows, "in_line_of", lambda: office.rows.change(1, state=State.SUBMITTING, attempt=1))

    await office.service.deciding.server_removed(70)

    assert [office.rows[n].state for n in (1, 2)] == [State.SUBMITTING, State.CANCELLED]


async def test_a_change_rings_whoever_waits_for_it() -> None:
    office = Office(make_task(state=State.UNCERTAIN))

    await office.service.deciding.retry(TaskId(1), asker(), attempt=0)

    assert office.rung == ["changed", "queued"]


@pytest.mark.parametrize(("state", "confirmed"), [(State.RECEIVED, True), (State.RUNNING, False), (None, False)])
async def test_a_click_confirms_only_a_card_that_waits_for_it(state: State | None, confirmed: bool) -> None:  # noqa: FBT001 -- a column of the table
    office = Office(*([make_task(state=state, message_id=None)] if state else []))

    await office.service.asking.confirm_card(TaskId(1), 42)

    assert [task.message_id for task in office.rows.tasks] == ([42 if confirmed else None] if state else [])


async def test_servers_that_are_gone_lose_what_waits_and_others_nothing() -> None:
    office = Office(
        make_task(1),
        make_task(2, guild_id=71),
        make_task(3, guild_id=None),
        make_task(4, state=State.RUNNING, guild_id=71),
    )

    await office.service.deciding.servers_present([70])

    assert [office.rows[n].state for n in range(1, 5)] == [State.QUEUED, State.CANCELLED, State.QUEUED, State.RUNNING]


# --- looking ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "may"), [({}, True), ({"user_id": 8}, True), ({"user_id": 8, "channel_id": 701}, False)]
)
async def test_a_whole_wish_is_shown_to_its_owner_and_its_channel(who: dict[str, Any], may: bool) -> None:  # noqa: FBT001 -- a column of the table
    office = Office(make_task())
    doing = office.service.library.task(TaskId(1), asker(**who))

    if may:
        assert (await doing).id == 1
    else:
        assert await refused(doing) is Reason.NOT_FOUND


async def test_models_are_offered_by_what_they_make() -> None:
    service = Office().service

    assert [model.id for model in service.asking.music_models()] == ["suno-music"]
    assert [model.id for model in service.asking.lyrics_models()] == ["words"]


# --- lyrics ----------------------------------------------------------------------------------------------------------

WRITTEN = make_task(state=State.COMPLETED, kind=Kind.LYRICS, result=Result(lyrics="rain"))
OTHERS: list[tuple[Any, dict[str, Any], Reason]] = [
    (WRITTEN, {"user_id": 8}, Reason.NOT_YOURS),
    (replace(WRITTEN, deleted_at=START), {}, Reason.NOT_FOUND),
    (replace(WRITTEN, state=State.FAILED), {}, Reason.NO_LYRICS),
    (replace(WRITTEN, result=None), {}, Reason.NO_LYRICS),
    (replace(DONE, result=replace(SONG, lyrics="la")), {}, Reason.NO_LYRICS),
]
"""Lyrics that this member can't change, and why."""


def at_the_desk(office: Office, action: str, who: Asker) -> Any:
    desk = office.service.lyrics
    given: dict[str, tuple[Any, ...]] = {"edit": ("sun",), "earlier": (0,), "take_back": (1,)}
    return getattr(desk, action)(TaskId(1), who, *given.get(action, ()))


@pytest.mark.parametrize("action", ["editable", "singable", "edit", "earlier", "take_back"])
@pytest.mark.parametrize(("task", "who", "reason"), OTHERS)
async def test_only_finished_lyrics_of_ones_own_are_worked_on(
    action: str, task: Any, who: dict[str, Any], reason: Reason
) -> None:
    office = Office(task)

    assert await refused(at_the_desk(office, action, asker(**who))) is reason
    assert office.rows[1] == task


async def test_a_change_is_normalised_kept_with_its_forerunner_and_told() -> None:
    office = Office(WRITTEN)

    task = await office.service.lyrics.edit(TaskId(1), asker(), " sun\u200b \n")

    assert task.lyrics == "sun"
    assert replaced(office) == ["rain"]
    assert office.rung == ["changed"]


async def test_the_same_text_again_changes_nothing() -> None:
    office = Office(WRITTEN)

    assert await office.service.lyrics.edit(TaskId(1), asker(), "rain ") == WRITTEN
    assert (replaced(office), office.rung) == ([], [])


async def test_a_text_that_stands_there_no_longer_is_not_replaced() -> None:
    office = Office(replace(WRITTEN, edited_lyrics="snow"))

    doing = office.service.lyrics.edit(TaskId(1), asker(), "sun", instead_of="rain")

    assert await refused(doing) is Reason.FORM_OUTDATED
    assert (office.rows[1].lyrics, office.rung) == ("snow", [])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (" \n", WishProblem.EMPTY_LYRICS),
        ("x" * (LYRICS_MAX_CHARS + 1), WishProblem.LYRICS_TOO_LONG),
        ("sing sk-proj-abcdefghij0123456789abcdefghij0123456789", WishProblem.SECRET),
        ("go to http://192.168.0.7/admin", WishProblem.PRIVATE_URL),
    ],
)
async def test_what_lyrics_may_not_be_is_refused(text: str, problem: WishProblem) -> None:
    office = Office(WRITTEN)

    with pytest.raises(WishError) as caught:
        await office.service.lyrics.edit(TaskId(1), asker(), text)

    assert caught.value.problem is problem
    assert office.rows[1] == WRITTEN


@pytest.mark.parametrize(("length", "may"), [(LYRICS_MAX_CHARS, True), (LYRICS_MAX_CHARS + 1, False)])
async def test_lyrics_that_no_change_could_make_short_enough_are_not_changed(length: int, may: bool) -> None:  # noqa: FBT001 -- a column of the table
    office = Office(replace(WRITTEN, result=Result(lyrics="x" * length)))
    doing = office.service.lyrics.editable(TaskId(1), asker())

    if may:
        assert (await doing).id == 1
    else:
        with pytest.raises(WishError):
            await doing


@pytest.mark.parametrize(("length", "over"), [(5000, None), (5001, "1"), (30_000, "25000")])
async def test_lyrics_that_are_too_long_to_sing_say_by_how_much(length: int, over: str | None) -> None:
    office = Office(replace(WRITTEN, result=Result(lyrics="x" * length + "\n\n")))
    doing = office.service.lyrics.singable(TaskId(1), asker())

    if over is None:
        assert (await doing).id == 1
    else:
        with pytest.raises(Refused) as caught:
            await doing
        assert (caught.value.reason, caught.value.details) == (Reason.TOO_LONG_TO_SING, (over,))


async def test_an_earlier_text_comes_back_and_the_later_one_is_kept() -> None:
    office = Office(WRITTEN)
    await office.service.lyrics.edit(TaskId(1), asker(), "sun")

    task = await office.service.lyrics.take_back(TaskId(1), asker(), 1)

    assert task.lyrics == "rain"
    assert replaced(office) == ["rain", "sun"]


@pytest.mark.parametrize(
    ("wanted", "text", "place"),
    [(0, "two", 2), (1, "one", 1), (5, "two", 2), (4, "one", 1), (3, "one", 1), (9, "two", 2)],
)
async def test_the_earlier_text_that_is_nearest_to_the_wanted_one_is_shown(wanted: int, text: str, place: int) -> None:
    office = Office(WRITTEN)
    for number, said in [(4, "one"), (5, "two")]:
        office.rows.write(lyrics_versions, task_id=1, number=number, replaced_at=START, text=said)

    earlier = await office.service.lyrics.earlier(TaskId(1), asker(), wanted)

    assert (earlier.task, earlier.version.text, earlier.place, earlier.count) == (WRITTEN, text, place, 2)
    assert await office.service.lyrics.has_earlier(WRITTEN)


async def test_where_nothing_was_replaced_there_is_no_earlier_text() -> None:
    office = Office(WRITTEN)

    assert await refused(office.service.lyrics.earlier(TaskId(1), asker(), 0)) is Reason.NO_LYRICS
    assert not await office.service.lyrics.has_earlier(WRITTEN)


@pytest.mark.parametrize("number", [0, 2])
async def test_a_version_that_is_not_there_does_not_come_back(number: int) -> None:
    office = Office(WRITTEN)
    await office.service.lyrics.edit(TaskId(1), asker(), "sun")

    assert await refused(office.service.lyrics.take_back(TaskId(1), asker(), number)) is Reason.NO_LYRICS


@pytest.mark.parametrize(("model", "takes"), [(None, True), ("suno-music", True), ("words", False), ("none", False)])
async def test_a_model_is_asked_for_styles_to_keep_out_only_if_it_takes_them(model: str | None, takes: bool) -> None:  # noqa: FBT001 -- a column of the table
    models = [replace(MODELS[0], parameters=frozenset({"negative_tags"})), *MODELS[1:]]

    assert Office(models=models).service.asking.takes_negative_tags(model) is takes
