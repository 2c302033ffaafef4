"""From a command to a finished card, through the real process, both protocols and all sockets."""

import re
from io import BytesIO

import mutagen
import pytest

from tests.fakes.contracts import assert_clean, required_contract
from tests.fakes.discord_interactions import MESSAGE_ANSWER
from tests.wire.conftest import SEND, SHARED_LOOP, Measure, Studio

pytestmark = [pytest.mark.wire, SHARED_LOOP]

HOSTILE = (
    "@everyone and @here sing",
    "```py\nprint('out')``` **bold** __under__ ~~gone~~ ||spoiler|| `code`",
    "[click](https://example.com) <https://example.com> # heading\n> quoted\n- list",
    "<#1> <@&2> <:smile:3> </song:4> <t:0:R> \\*escaped\\*",
    "family \U0001f469\u200d\U0001f469\u200d\U0001f467 \u0645\u0631\u062d\u0628\u0627 e\u0301 \U0001d54c",
    "hidden \u202ereversed\u202c zero\u200bwidth \u2066isolated\u2069",
    "*" * 5000,
    "'; DROP TABLE music_tasks; -- {0} %s {prompt} \u0000",
)


async def test_a_command_is_answered_with_a_public_card_in_one_round_trip(shared: Studio, measure: Measure) -> None:
    discord = shared.discord
    answer = await shared.song("Ropes on the pier", title="Low Tide")
    measure("answered_in_s", answer.took_s)
    (callback,) = discord.made("POST", rf"^/interactions/{answer.interaction.id}/")
    assert callback.query["with_response"] in {"1", "true"}
    assert discord.made("GET", "^/webhooks/") == []
    assert answer.took_s < 3
    assert (answer.type, answer.ephemeral) == (MESSAGE_ANSWER, False)
    assert "Low Tide" in answer.shown.text
    row = await shared.until_row(answer.shown, lambda row: row["state"] != "received")
    assert row["message_id"] == answer.shown.id


async def test_a_song_is_asked_for_as_published_and_only_once(shared: Studio) -> None:
    card = await shared.finished("One for the body", title="Body", tags="folk, harp", instrumental=True)
    assert [create.body for create in shared.creates("One for the body")] == [
        {
            "model": "suno-music",
            "mv": "chirp-v4",
            "action": "MUSIC",
            "prompt": "One for the body",
            "title": "Body",
            "tags": "folk, harp",
            "make_instrumental": True,
        }
    ]
    row = await shared.told(card)
    create = shared.creates("One for the body")[0]
    assert (row["provider_task_id"], row["request_id"]) == (create.id, create.request_id)
    assert row["endpoint"] == "/v1/music/generations"


async def test_the_audio_arrives_as_a_real_mp3_with_its_title_inside(shared: Studio) -> None:
    card = await shared.finished("Something to keep", title="Kept Säfe")
    (audio,) = card.attachments
    assert audio.filename == "Kept Säfe.mp3"
    opened = mutagen.File(BytesIO(audio.data))
    assert opened.mime[0] == "audio/mp3"
    assert opened["TIT2"].text == ["Kept Säfe"]
    assert opened.info.length > 5
    row = await shared.told(card)
    assert row["files_shown"]
    assert "Listen" not in card.labels


async def test_the_pictures_arrive_inside_the_card_and_all_files_are_described(shared: Studio) -> None:
    card = await shared.finished("Something to see", title="Säfe Harbour")
    (audio,), (picture, cover) = card.attachments, card.pictures
    assert (picture.filename, picture.data[:4]) == ("waveform.png", b"\x89PNG")
    assert (cover.filename, cover.data[:3]) == ("cover.jpg", b"\xff\xd8\xff")
    assert card.embed["image"]["url"] == picture.url
    assert card.embed["thumbnail"]["url"] == cover.url
    assert mutagen.File(BytesIO(audio.data)).tags.getall("APIC")[0].data == cover.data
    assert audio.description is not None
    assert re.fullmatch(r"Säfe Harbour, \d:\d\d", audio.description)
    assert (picture.description, cover.description) == ("Waveform of Säfe Harbour", "Cover of Säfe Harbour")


async def test_the_ready_ping_mentions_the_requester_alone(shared: Studio) -> None:
    card = await shared.finished("A ping for Alice")
    (ping,) = shared.pings_of(card)
    assert ping.mentions == [shared.discord.alice]
    sent = next(r for r in shared.discord.made("POST", SEND) if r.json["nonce"] == ping.nonce).json
    assert sent["message_reference"]["fail_if_not_exists"] is False
    allowed = sent["allowed_mentions"]
    assert [str(user) for user in allowed["users"]] == [str(shared.discord.alice.id)]
    assert allowed["parse"] == []
    assert not allowed["replied_user"]
    assert sent["enforce_nonce"] is True


async def test_lyrics_are_written_and_shown(shared: Studio) -> None:
    discord = shared.discord
    answer = await discord.slash(discord.bob, discord.songs, "lyrics", prompt="A lighthouse keeper")
    assert not answer.ephemeral
    card = await shared.shows(answer.shown, "**Chorus**")
    ping = await shared.ping_of(card)
    assert ping.mentions == [discord.bob]
    assert card.attachments == []
    assert [create.body for create in shared.creates("A lighthouse keeper")] == [
        {"model": "suno-lyrics", "action": "LYRICS", "prompt": "A lighthouse keeper"}
    ]


async def test_a_song_in_direct_messages_works_the_same(shared: Studio) -> None:
    discord = shared.discord
    card = await shared.finished("Just for me", user=discord.alice, channel=discord.dm(discord.alice))
    assert card.attachments
    assert shared.pings_of(card)[0].mentions == [discord.alice]


async def test_a_song_that_fails_is_told_once_and_in_our_own_words(shared: Studio) -> None:
    answer, provider_id = await shared.running("Doomed")
    shared.standin.fail(provider_id, {"code": "upstream_error", "message": "No @everyone **today**"})
    card = await shared.shows(answer.shown, "Failed.")
    ping = await shared.ping_of(card)
    assert ping.mentions == [shared.discord.alice]
    assert "No @everyone **today**" not in card.text
    assert (await shared.told(card))["error_code"] == "provider_failed"


async def test_the_fourth_song_waits_in_line_and_is_cancelled_free_of_charge(shared: Studio) -> None:
    discord = shared.discord
    started = [await shared.running(f"Busy {n}", user=discord.mo) for n in range(3)]
    waiting = (await shared.song("Never sent", user=discord.mo)).shown
    assert "Cancel" in waiting.labels
    refused = await discord.click(discord.bob, waiting, "Cancel")
    assert refused.ephemeral
    assert (await discord.click(discord.mo, waiting, "Cancel")).ephemeral
    await shared.shows(waiting, "Cancelled before it was sent")
    assert waiting.labels == []
    for answer, provider_id in started:
        shared.standin.finish(provider_id)
        await shared.shows(answer.shown, "Finished")
    assert shared.creates("Never sent") == []


@pytest.mark.parametrize("prompt", HOSTILE)
async def test_words_that_mean_something_to_discord_ping_nobody_and_break_nothing(shared: Studio, prompt: str) -> None:
    discord = shared.discord
    words = f"{discord.bob.mention} {prompt}"[:5000]
    answer, provider_id = await shared.running(words, title=words[:80], tags=words[:900])
    shared.standin.finish(provider_id)
    card = await shared.shows(answer.shown, "Finished")
    await shared.told(card)
    assert card.attachments
    assert [ping.mentions for ping in shared.pings_of(card)] == [[discord.alice]]
    assert not any(message.mention_everyone for message in discord.songs.history)
    assert card.mentions == []
    description = card.embed["description"]
    assert "```" not in description
    assert "@everyone" not in description


async def test_a_long_prompt_is_shown_whole_to_who_asks(shared: Studio) -> None:
    discord = shared.discord
    card = (await shared.song("x" * 5000)).shown
    told = await discord.click(discord.bob, card, "Whole prompt")
    assert told.ephemeral
    assert [attachment.data for attachment in told.shown.attachments] == [b"x" * 5000]


async def test_a_secret_in_the_prompt_is_refused_privately_and_leaves_no_row(shared: Studio) -> None:
    rows = len(shared.rows())
    secret = "sk-" + "9f2c41aa7be04d1e8c55"
    answer = await shared.song(f"My key is {secret}")
    assert answer.ephemeral
    assert "key, token or password" in answer.shown.content
    assert secret not in answer.shown.text
    assert len(shared.rows()) == rows
    assert not any(secret in str(create.body) for create in shared.standin.creates)
    assert secret not in shared.bot.output


async def test_lists_show_members_their_own_and_moderators_their_server(shared: Studio) -> None:
    discord = shared.discord
    await shared.finished("On a list", title="Bob's own", user=discord.bob)
    songs = await discord.slash(discord.bob, discord.songs, "songs")
    queue = await discord.slash(discord.mo, discord.songs, "queue")
    assert songs.ephemeral
    assert queue.ephemeral
    assert "Bob's own" in songs.shown.text
    assert "Ropes on the pier" not in songs.shown.text
    assert "finished" in queue.shown.text


async def test_a_listed_song_is_found_by_its_words_and_opened_with_its_file(shared: Studio) -> None:
    discord = shared.discord
    card = await shared.finished("Gr\u00fc\u00dfe from the list", title="On the shelf", user=discord.bob)
    listed = (await discord.slash(discord.bob, discord.songs, "songs")).shown
    form = await discord.click(discord.bob, listed, "Search")
    await discord.submit_modal(discord.bob, form, {"text": "GR\u00dcSSE"})
    assert [line.count("On the shelf") for line in listed.text.splitlines() if line.startswith("`#")] == [1]
    row = await shared.told(card)
    answer = await discord.choose(discord.bob, listed, "Open one of these", str(row["id"]))
    await discord.until(lambda: answer.shown.attachments or answer.interaction.followups)
    opened = answer.shown if answer.shown.attachments else answer.interaction.followups[0]
    assert answer.ephemeral
    assert opened.attachments[0].data == card.attachments[0].data
    assert "Delete" in opened.labels
    assert len(shared.creates("Gr\u00fc\u00dfe from the list")) == 1


async def test_every_request_to_tokenlab_fits_its_published_description(shared: Studio) -> None:
    contract = required_contract("tokenlab-openapi.json")
    await shared.finished("For the description")
    seen = shared.standin.requests
    assert {request.path.rpartition("/")[0] for request in seen} >= {"/v1", "/v1/music", "/v1/tasks"}
    for request in seen:
        found = contract.check_request(request.method, request.path, query=request.query, json_body=request.body)
        assert_clean(found)
    assert {request.key for request in seen} == {"valid"}


async def test_every_request_to_discord_fits_its_published_description(shared: Studio) -> None:
    required_contract("discord-openapi.json")
    await shared.finished("For the other description")
    assert len(shared.discord.requests) > 4
    assert_clean(shared.discord.violations)
