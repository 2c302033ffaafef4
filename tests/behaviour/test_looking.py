"""What TokenLab may answer while a song is made, and what its requester sees of it."""

import logging

import discord
import pytest

from bot.domain.tasks import ErrorCode, State
from bot.engine.outages import PROBE
from sandbox.faults import Fault, changed
from tests.behaviour.conftest import REPEAT, World, files_of, labels, text_of

DAY = 24 * 3600
SHORT = {"task_deadline_s": 60}


async def running(world: World) -> str:
    """A song that stays unfinished until told; gives the provider's id."""
    await world.asked("Harbour")
    await world.turn()
    (create,) = world.standin.creates
    world.standin.hold(create.id)
    return create.id


async def looked(world: World, fault: str | Fault) -> str:
    """One look at a running song that meets the fault; gives the words of its card."""
    await running(world)
    world.standin.faults.on_status(fault)
    await world.advance(6)
    return text_of(world.card(await world.task()))


def looks(world: World) -> int:
    asked = [seen.path for seen in world.standin.requests if seen.path.startswith("/v1/tasks/")]
    return len([path for path in asked if not path.endswith(f"/{PROBE}")])


# --- the deadline ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("world", [SHORT], indirect=True)
async def test_a_song_that_is_not_finished_at_its_deadline_is_overdue(world: World) -> None:
    await running(world)
    await world.advance(50)
    assert (await world.task()).state is State.RUNNING

    task = await world.until(State.EXPIRED)

    assert "much longer than usual" in text_of(world.card(task))
    assert world.pings() == []


@pytest.mark.parametrize("world", [SHORT], indirect=True)
async def test_an_overdue_song_is_looked_at_every_five_minutes(world: World) -> None:
    await running(world)
    await world.until(State.EXPIRED)
    before = looks(world)

    for _ in range(12):
        await world.advance(100)

    assert looks(world) - before == 4


@pytest.mark.parametrize("world", [SHORT], indirect=True)
async def test_a_late_result_is_still_shown(world: World) -> None:
    task_id = await running(world)
    await world.until(State.EXPIRED)
    world.standin.finish(task_id)

    await world.advance(301)
    await world.turn()

    task = await world.task()
    assert task.state is State.COMPLETED
    assert len(files_of(world.card(task))) == 1
    assert len(world.pings()) == 1


@pytest.mark.parametrize("world", [SHORT], indirect=True)
async def test_after_a_day_without_an_answer_the_song_has_failed(world: World) -> None:
    await running(world)
    await world.until(State.EXPIRED)
    await world.advance(DAY - 3600)
    assert (await world.task()).state is State.EXPIRED

    await world.advance(3700)
    await world.advance(301)

    task = await world.task()
    assert (task.state, task.error_code) == (State.FAILED, ErrorCode.NO_ANSWER)
    assert "whole day has passed" in text_of(world.card(task))


@pytest.mark.parametrize("world", [SHORT], indirect=True)
async def test_being_down_over_the_deadline_does_not_make_a_song_overdue(world: World) -> None:
    task_id = await running(world)
    world.standin.finish(task_id)
    await world.env.advance_time(3 * 3600)
    await world.restart()
    assert (await world.task()).state is State.RUNNING

    await world.advance(1)

    assert (await world.task()).state is State.COMPLETED


@pytest.mark.parametrize("world", [SHORT], indirect=True)
async def test_a_failed_look_after_the_deadline_does_not_make_a_song_overdue(world: World) -> None:
    await running(world)
    world.standin.faults.on_status("server_error", times=None)

    await world.advance(120)

    assert (await world.task()).state is State.RUNNING


# --- results ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        ("failed_with_object", ErrorCode.PROVIDER_FAILED, "TokenLab says: The track failed"),
        ("failed_with_string", ErrorCode.CONTENT_REFUSED, "TokenLab says: Content policy violation"),
        ("failed_in_lines", ErrorCode.PROVIDER_FAILED, "TokenLab says: The track failed: no voice fits this style"),
        ("failed_with_code", ErrorCode.PROVIDER_FAILED, "TokenLab says: GENERATE\\_AUDIO\\_FAILED"),
        ("failed_nested", ErrorCode.PROVIDER_FAILED, "TokenLab says: The track failed"),
        ("failed_with_reason", ErrorCode.PROVIDER_FAILED, "TokenLab says: The track failed"),
        ("failed_with_error_message", ErrorCode.PROVIDER_FAILED, "TokenLab says: The track failed"),
        ("failed_with_message", ErrorCode.PROVIDER_FAILED, "TokenLab says: The track failed"),
        ("failed_for_content", ErrorCode.CONTENT_REFUSED, "Leave out names of artists"),
        ("status_sensitive_word_error", ErrorCode.CONTENT_REFUSED, "Nothing was charged for it"),
        ("status_error", ErrorCode.PROVIDER_FAILED, "Nothing was charged for it"),
        ("status_create_task_failed", ErrorCode.PROVIDER_FAILED, "Nothing was charged for it"),
        ("cancelled", ErrorCode.PROVIDER_FAILED, "Nothing was charged for it"),
        ("expired", ErrorCode.PROVIDER_FAILED, "Nothing was charged for it"),
    ],
)
async def test_a_failure_is_shown_with_its_reason_and_told_once(
    world: World, fault: str, code: ErrorCode, words: str
) -> None:
    shown = await looked(world, fault)
    await world.turn()

    assert (await world.task()).error_code is code
    assert words in shown
    (ping,) = world.pings()
    assert "could not be made" in ping.content
    assert len(world.standin.creates) == 1


@pytest.mark.parametrize("fault", ["async_task_not_found", "forbidden"])
async def test_a_song_that_stays_unknown_is_lost_after_two_minutes_and_not_before(world: World, fault: str) -> None:
    await running(world)
    world.standin.faults.on_status(fault, times=None)
    for _ in range(12):
        await world.advance(10)
        assert (await world.task()).state is State.RUNNING

    task = await world.until(State.FAILED, step_s=10)

    assert task.error_code is ErrorCode.RESULT_GONE
    assert "no longer knows this task" in text_of(world.card(task))
    assert len(world.pings()) == 1


async def test_a_song_of_another_organization_is_held_until_the_key_is_right_again(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    provider_id = await running(world)
    world.standin.faults.on_status("task_not_owned", times=10)
    for _ in range(10):
        await world.advance(60)
        assert "Being made" in text_of(world.card(await world.task()))
    assert [one.message for one in caplog.records if one.levelname == "ERROR"] == [
        "the TokenLab key may not see this task; it is held"
    ]
    world.standin.finish(provider_id)

    await world.until(State.COMPLETED, step_s=16)


async def test_a_song_that_is_said_to_be_finished_without_audio_is_looked_at_for_a_day_and_delivered(
    world: World,
) -> None:
    world.standin.finish(await running(world))
    world.standin.faults.on_status("completed_without_audio", times=12)
    await world.advance(6)
    before = looks(world)
    for _ in range(5):
        assert "Being made" in text_of(world.card(await world.task()))
        await world.advance(12)
    assert looks(world) - before >= 2

    task = await world.until(State.EXPIRED)
    assert looks(world) - before >= 3
    assert "has sent no result so far" in text_of(world.card(task))
    assert world.pings() == []

    await world.until(State.COMPLETED, step_s=301)
    await world.turn()

    card = world.card(await world.task())
    assert "Finished" in text_of(card)
    assert len(files_of(card)) == 1
    assert len(world.pings()) == 1
    assert len(world.standin.creates) == 1


async def test_a_song_whose_audio_never_comes_is_given_up_after_a_day(world: World) -> None:
    world.standin.finish(await running(world))
    world.standin.faults.on_status("completed_without_audio", times=None)
    await world.until(State.EXPIRED)
    await world.advance(DAY)

    task = await world.until(State.FAILED, step_s=1300)
    await world.turn()

    assert task.error_code is ErrorCode.NO_RESULT
    assert "sent nothing usable" in text_of(world.card(task))
    assert len(world.pings()) == 1


async def test_the_providers_words_are_clipped_and_ping_nobody(world: World) -> None:
    rude = "@everyone **look** <@123456789012345678> " + "x" * 5000
    shown = await looked(world, changed(lambda scene: dict(scene.body) | {"status": "failed", "error": rude}))

    assert "@everyone" not in shown
    assert "<@123456789012345678>" not in shown
    assert len(shown) < 1000


@pytest.mark.parametrize(
    ("fault", "files"),
    [
        ("completed_data_only", 1),
        ("completed_two_tracks", 2),
        ("succeeded", 1),
        ("status_complete", 1),
        ("status_success", 1),
        ("status_finished", 1),
        ("status_done", 1),
        ("completed_billed_in_header", 1),
        ("long_header", 1),
        ("completed_upper_case", 1),
        ("completed_without_audio_id", 1),
        ("completed_unbilled", 1),
    ],
)
async def test_every_shape_of_a_result_is_shown_with_all_its_takes(world: World, fault: str, files: int) -> None:
    world.standin.finish(await running(world))
    world.standin.faults.on_status(fault)
    await world.advance(6)

    task = await world.task()
    assert task.state is State.COMPLETED
    assert len(files_of(world.card(task))) == files


async def test_without_an_audio_id_a_continuation_names_the_task(world: World) -> None:
    await looked(world, "completed_without_audio_id")
    task_id = world.standin.creates[0].id
    world.standin.finish(task_id)

    await world.alice.slash(world.channel, "continue", song="1")
    await world.turn()

    assert world.standin.creates[1].body["continue_clip_id"] == task_id


async def test_a_billing_id_that_comes_late_is_still_noted(world: World) -> None:
    task_id = await running(world)
    world.standin.faults.on_status("completed_unbilled")
    await world.advance(6)
    world.standin.finish(task_id)
    assert (await world.task()).billing_transaction_id is None

    await world.advance(70)

    task = await world.task()
    assert task.billing_transaction_id is not None
    assert task.next_look_at is None
    assert len(world.pings()) == 1


@pytest.mark.parametrize("fault", ["completed_unbilled", "server_error", "async_task_not_found", "invalid_api_key"])
async def test_a_billing_id_that_never_comes_is_looked_for_twice_at_most(world: World, fault: str) -> None:
    await looked(world, "completed_unbilled")
    world.standin.faults.on_status(fault, times=None)
    before = looks(world)
    for _ in range(5):
        await world.advance(70)

    assert looks(world) - before <= 2
    assert (await world.task()).state is State.COMPLETED
    assert (await world.task()).next_look_at is None


# --- looks that fail -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        "server_error",
        "drop",
        "html_200",
        "missing_status",
        "unknown_status",
        "rate_limited",
        "invalid_api_key",
        "async_task_not_found",
        "forbidden",
        "access_denied",
        "task_not_owned",
        "too_often",
        "maintenance",
        "request_timeout",
        "status_text_success",
        "status_first_success",
        "status_callback_exception",
        "callback_exception_with_error",
        "unknown_status_with_error",
        "completed_without_audio",
        "fraction",
        "many_headers",
    ],
)
async def test_a_look_that_fails_says_nothing_about_the_song(world: World, fault: str) -> None:
    assert "Being made" in await looked(world, fault)
    assert (await world.task()).state is State.RUNNING
    world.standin.finish(world.standin.creates[0].id)

    await world.until(State.COMPLETED, step_s=16)

    assert len(world.standin.creates) == 1


async def test_a_refused_key_holds_all_songs_and_is_told_the_operator_once(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bot")
    await looked(world, "invalid_api_key")
    world.standin.faults.on_status("invalid_api_key", times=4)
    for _ in range(5):
        await world.advance(60)

    told = [record.message for record in caplog.records if "key" in record.message and "TokenLab" in record.message]
    assert told == ["the TokenLab key is refused; running tasks are held", "the TokenLab key works again"]
    assert (await world.task()).state is State.RUNNING


async def test_too_many_looks_slow_everything_down(world: World) -> None:
    await looked(world, "rate_limited")
    budget = world.app.engine.poller._budget

    assert budget.rate_per_s < 15
    before = looks(world)
    await world.advance(1)
    assert looks(world) == before


async def test_looks_become_rarer_the_more_of_them_fail(world: World) -> None:
    await running(world)
    world.standin.faults.on_status("server_error", times=None)
    for _ in range(30):
        await world.advance(10)

    assert looks(world) <= 10


@pytest.mark.parametrize("world", [{"standin": {"progress": True, "song_s": 100}}], indirect=True)
async def test_progress_is_shown_once_half_is_done(world: World) -> None:
    await world.asked()
    await world.turn()
    bars = set()
    for _ in range(9):
        await world.advance(10)
        bars |= {line for line in text_of(world.card(await world.task())).splitlines() if line.endswith(" %")}

    assert bars == {"`████░░░░` 50 %"}


# --- creates ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("refused", ErrorCode.CONTENT_REFUSED),
        ("forbidden_content", ErrorCode.CONTENT_REFUSED),
        ("artist_name", ErrorCode.CONTENT_REFUSED),
        ("unprocessable", ErrorCode.WISH_REFUSED),
        ("method_not_allowed", ErrorCode.WISH_REFUSED),
        ("unsupported_media_type", ErrorCode.WISH_REFUSED),
        ("invalid_api_key", ErrorCode.NO_ACCESS),
        ("model_not_allowed", ErrorCode.MODEL_UNAVAILABLE),
        ("all_channels_failed_for_good", ErrorCode.PROVIDER_BUSY),
    ],
)
async def test_a_refused_create_fails_and_is_told_once(world: World, fault: str, code: ErrorCode) -> None:
    await world.asked()
    world.standin.faults.on_create(fault)

    task = await world.until(State.FAILED, step_s=2)
    await world.turn()

    assert task.error_code is code
    assert "Nothing was charged" in text_of(world.card(task))
    assert labels(world.card(task)) == REPEAT
    assert len(world.pings()) == 1
    assert world.standin.creates == []


@pytest.mark.parametrize(
    "fault", ["rate_limited", "all_channels_failed", "too_often", "maintenance", "forbidden_for_now"]
)
async def test_a_busy_provider_is_asked_again_and_the_card_says_so(world: World, fault: str) -> None:
    await world.asked()
    world.standin.faults.on_create(fault)
    await world.advance(2)
    await world.advance(2)
    assert "TokenLab is busy" in text_of(world.card(await world.task()))
    assert labels(world.card(await world.task())) == ["Cancel"]

    await world.until(State.COMPLETED, step_s=16)

    assert len(world.standin.creates) == 1


async def test_an_absurd_delay_holds_one_wish_for_an_hour_and_everybody_else_for_little_more_than_a_minute(
    world: World,
) -> None:
    await world.asked("First")
    world.standin.faults.on_create("absurdly_busy")
    await world.advance(2)
    other = await world.asked("Second", by=world.bob)
    for _ in range(3):
        await world.advance(12)

    first = await world.task(1)
    assert first.not_before is not None
    assert 3500 < (first.not_before - world.clock()).total_seconds() <= 3600
    assert "TokenLab is busy" in text_of(world.card(await world.task(other.id)))
    assert len([seen for seen in world.standin.requests if seen.method == "POST"]) == 1
    await world.advance(60)
    assert world.app.engine.poller._budget.wants_probe
    assert await world.app.catalogue.refresh(), "which a running program does by itself"

    await world.until(State.COMPLETED, other.id, step_s=16)
    assert (await world.task(1)).state is State.QUEUED
    await world.until(State.COMPLETED, 1, step_s=200)
    assert len(world.standin.creates) == 2


@pytest.mark.parametrize(
    "fault",
    [
        "drop_recorded",
        "server_error_recorded",
        "html_502",
        "no_id",
        "redirect",
        "no_id_and_a_code",
        "request_timeout_recorded",
        "conflict_recorded",
        "too_early_recorded",
        "client_gone_recorded",
    ],
)
async def test_a_create_without_a_clear_answer_is_unclear(world: World, fault: str) -> None:
    await world.asked()
    world.standin.faults.on_create(fault)

    await world.until(State.UNCERTAIN, step_s=1)
    await world.advance(300)

    assert len([seen for seen in world.standin.requests if seen.method == "POST"]) == 1


@pytest.mark.parametrize("fault", ["already_completed", "already_failed", "long_header", "many_headers"])
async def test_an_accepted_create_is_looked_at_whatever_its_first_word(world: World, fault: str) -> None:
    await world.asked()
    world.standin.faults.on_create(fault)

    await world.until(State.COMPLETED, step_s=16)

    assert len(world.standin.creates) == 1


# --- audio -----------------------------------------------------------------------------------------------------------


async def test_audio_that_comes_late_is_attached_to_the_finished_card(world: World) -> None:
    world.standin.faults.on_media("server_error", times=2)
    await world.song()
    assert labels(world.card(await world.task())) == ["Continue", "Lyrics", *REPEAT, "Listen"]

    await world.advance(11)
    await world.advance(21)

    card = world.card(await world.task())
    assert len(files_of(card)) == 1
    assert labels(card) == ["Continue", "Lyrics", *REPEAT]
    assert len(world.pings()) == 1


@pytest.mark.parametrize("fault", ["html", "not_found", "redirect_private"])
async def test_audio_that_can_not_be_had_becomes_a_link(world: World, fault: str) -> None:
    world.standin.faults.on_media(fault, times=None)
    await world.song()
    for _ in range(3):
        await world.advance(3600)

    assert labels(world.card(await world.task())) == ["Continue", "Lyrics", *REPEAT, "Listen"]
    assert len(world.pings()) == 1


async def test_where_files_may_not_be_attached_the_song_is_linked(world: World) -> None:
    no_files = discord.PermissionOverwrite(attach_files=False)
    world.channel = world.guild.create_text_channel("texts", overwrites={world.guild.default_role: no_files})

    await world.song()

    card = world.card(await world.task())
    assert labels(card) == ["Continue", "Lyrics", *REPEAT, "Listen"]
    assert card.attachments == []
