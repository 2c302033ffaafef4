"""Trouble on either side while the bot lives: gateway drops, a busy or absent TokenLab, misleading answers."""

import pytest

from tests.wire.conftest import SEND, SHARED_LOOP, Studio

pytestmark = [pytest.mark.wire, SHARED_LOOP]


async def test_a_cut_gateway_is_resumed_and_the_song_arrives(shared: Studio) -> None:
    discord = shared.discord
    identified = len(discord.gateway.identifies)
    answer, provider_id = await shared.running("Through the cut", title="Uncut")
    await discord.drop_gateway()
    shared.standin.finish(provider_id)
    await shared.told(answer.shown)
    assert len(answer.shown.attachments) == 1
    later = await discord.begin_slash(discord.alice, discord.songs, "songs")
    assert "Uncut" in (await later.answer(timeout_s=10)).shown.text
    assert len(discord.gateway.resumes) == 1
    assert len(discord.gateway.identifies) == identified


async def test_a_busy_tokenlab_is_waited_out_and_asked_once(shared: Studio) -> None:
    shared.standin.faults.on_create("rate_limited")
    card = (await shared.song("Busy at first")).shown
    await shared.shows(card, "TokenLab is busy")
    assert card.labels == ["Cancel"]
    await shared.shows(card, "Finished")
    assert len(shared.creates("Busy at first")) == 1
    assert shared.attempts("Busy at first") == ["refused", "accepted"]


async def test_a_tokenlab_that_is_down_at_the_start_holds_up_nothing(shared: Studio) -> None:
    discord = shared.discord
    await shared.bot.kill()
    await shared.standin.stop()
    await shared.bot.start()
    lyrics = await discord.slash(discord.alice, discord.songs, "lyrics", prompt="Too early")
    assert lyrics.ephemeral
    card = (await shared.song("Patience")).shown
    await shared.shows(card, "In line.")
    await shared.until_row(card, lambda row: row["refusals"] == 1)
    await shared.standin.start()
    await shared.shows(card, "Finished")
    await shared.told(card)
    assert len(shared.creates("Patience")) == 1


async def test_a_tokenlab_that_goes_away_while_a_song_is_made_is_looked_at_again(shared: Studio) -> None:
    answer, provider_id = await shared.running("Interrupted")
    await shared.standin.stop()
    await shared.until_row(answer.shown, lambda row: row["look_failures"] > 0)
    shared.standin.finish(provider_id)
    await shared.standin.start()
    await shared.told(answer.shown)
    assert len(answer.shown.attachments) == 1


@pytest.mark.parametrize("fault", ["long_header", "many_headers"])
async def test_a_song_behind_long_headers_arrives_and_is_paid_once(shared: Studio, fault: str) -> None:
    shared.standin.faults.on_create(fault)
    shared.standin.faults.on_status(fault)
    card = await shared.finished(f"Behind a {fault}")
    assert len(card.attachments) == 1
    assert len(shared.creates(f"Behind a {fault}")) == 1


@pytest.mark.parametrize("fault", ["forbidden_content", "artist_name"])
async def test_content_that_is_not_allowed_is_no_matter_of_the_key(shared: Studio, fault: str) -> None:
    shared.standin.faults.on_create(fault)
    card = (await shared.song(f"Refused by {fault}")).shown
    await shared.shows(card, "Leave out names of artists")
    assert "Nothing was charged" in card.text
    assert "no_access" not in shared.bot.output, "or the operator is told to look at the key"


@pytest.mark.parametrize(
    "fault", ["drop_recorded", "no_id", "html_502", "request_timeout_recorded", "no_id_and_a_code"]
)
async def test_an_answer_that_proves_nothing_makes_the_wish_unclear(shared: Studio, fault: str) -> None:
    shared.standin.faults.on_create(fault)
    card = (await shared.song(f"Unclear by {fault}")).shown
    await shared.shows(card, "Unclear.")
    ping = await shared.ping_of(card)
    assert ping.mentions == [shared.discord.alice]
    assert card.labels == ["Try again", "Drop"]
    assert len(shared.creates(f"Unclear by {fault}")) == 1


@pytest.mark.parametrize("fault", ["foreign_poll_url", "double_slash_poll_url", "no_poll_url"])
async def test_a_poll_address_elsewhere_is_never_shown_the_key(shared: Studio, fault: str) -> None:
    shared.standin.faults.on_create(fault)
    card = await shared.finished(f"Misled {fault}")
    assert len(card.attachments) == 1
    assert shared.standin.leaks == []
    assert all(path.startswith("/m/") for path in shared.standin.downloads)


async def test_media_that_cannot_be_had_are_linked(shared: Studio) -> None:
    shared.standin.faults.on_media("not_found", times=None)
    card = (await shared.song("No file")).shown
    await shared.shows(card, "Finished")
    await shared.told(card)
    assert "Listen" in card.labels
    assert card.attachments == []


@pytest.mark.parametrize("fault", ["forbidden", "empty", "truncated"])
async def test_media_that_are_refused_at_first_arrive_in_seconds(shared: Studio, fault: str) -> None:
    shared.standin.faults.on_media(fault)
    card = (await shared.song(f"At first {fault}", title="Later")).shown
    await shared.until_row(card, lambda row: row["files_shown"])
    assert [file.filename for file in card.attachments] == ["Later.mp3"]
    assert len(shared.creates(f"At first {fault}")) == 1


async def test_media_are_requested_letter_by_letter(shared: Studio) -> None:
    shared.standin.faults.on_media("expired", times=None)
    shared.standin.rules.song_s = 0
    shared.standin.faults.on_status("completed_fresh_address")
    card = (await shared.song("Signed", title="Signed")).shown
    await shared.until_row(card, lambda row: row["files_shown"])
    assert [file.filename for file in card.attachments] == ["Signed.mp3"]


async def test_pings_that_are_limited_are_waited_out(shared: Studio) -> None:
    shared.discord.rate_limit("POST", SEND, retry_after_s=0.3)
    card = await shared.finished("Limited ping")
    assert len(shared.pings_of(card)) == 1
