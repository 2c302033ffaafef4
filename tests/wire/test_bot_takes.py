"""A song of two takes, by the real process: each is fetched, kept and tried for by itself, even over a crash."""

import pytest

from tests.fakes.discord_world import FakeMessage
from tests.wire.conftest import SHARED_LOOP, Studio

pytestmark = [pytest.mark.wire, SHARED_LOOP]


async def finishing(studio: Studio, prompt: str, **faults: int | None) -> tuple[FakeMessage, str]:
    """A song that TokenLab finishes in two takes, of which the first can't be had so many times."""
    answer, provider_id = await studio.running(prompt, title="Duet")
    studio.standin.faults.on_status("completed_two_tracks", times=None, task_id=provider_id)
    for fault, times in faults.items():
        studio.standin.faults.on_media(fault, times=times, name=f"{provider_id}-1.mp3")
    studio.standin.finish(provider_id)
    return await studio.shows(answer.shown, "Finished"), provider_id


def names(card: FakeMessage) -> list[str]:
    return [one.filename for one in card.attachments]


async def attached(studio: Studio, card: FakeMessage, *takes: int) -> None:
    wanted = [f"Duet (take {take}).mp3" for take in takes]
    await studio.bot.while_running(studio.discord.until(lambda: names(card) == wanted, timeout_s=20.0))


def downloads(studio: Studio, provider_id: str, take: int) -> int:
    return studio.standin.downloads.count(f"/m/{provider_id}-{take}.mp3")


async def test_a_late_first_take_comes_to_the_second_one(shared: Studio) -> None:
    card, provider_id = await finishing(shared, "Late first", forbidden=1)

    await attached(shared, card, 1, 2)

    await shared.until_row(card, lambda row: not row["media_wanted"])
    assert [downloads(shared, provider_id, take) for take in (1, 2)] == [2, 1]
    assert len(shared.pings_of(card)) <= 1


async def test_a_dead_first_take_is_linked_and_tried_for_over_a_crash_beside_the_second_one(shared: Studio) -> None:
    card, provider_id = await finishing(shared, "Dead first", not_found=None)
    await attached(shared, card, 2)
    assert "Take 1: I am still fetching the file" in card.text
    assert "Listen: Take 1" in card.labels
    before = await shared.until_row(card, lambda row: '"failures": 2' in (row["media_tries"] or ""))

    await shared.bot.kill()
    after = next(row for row in shared.rows() if row["id"] == before["id"])
    assert after["media_tries"] is not None
    await shared.bot.start()
    await shared.until_row(card, lambda row: '"failures": 3' in (row["media_tries"] or ""), timeout_s=30.0)

    assert (names(card), downloads(shared, provider_id, 2)) == (["Duet (take 2).mp3"], 1)
    assert len(shared.pings_of(card)) == 1
    assert len(shared.creates("Dead first")) == 1


async def test_the_second_take_is_continued_by_command(shared: Studio) -> None:
    discord = shared.discord
    card, provider_id = await finishing(shared, "Which one")
    await attached(shared, card, 1, 2)
    offered = await discord.autocomplete(discord.alice, discord.songs, "continue", option="song", typed="which")
    second = offered[1]
    assert "Take 2" in second["name"]

    shared.standin.rules.song_s = 0.2
    answer = await discord.slash(discord.alice, discord.songs, "continue", song=second["value"], prompt="This one")

    await shared.shows(answer.shown, "Finished")
    (create,) = shared.creates("This one")
    assert create.body["continue_clip_id"] == shared.standin.task(provider_id).clip(2)
    assert "take 2" in answer.shown.text
