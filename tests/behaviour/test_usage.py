"""`/usage` as people see it: their own, their server's for moderators, files, and what songs have really cost."""

import asyncio
import csv
import gzip
import io
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import pytest
from PIL import Image

from bot.domain.audit import Act, Deed
from bot.domain.rules import RuleChanges
from bot.domain.tasks import State
from bot.domain.usage import Period, Usage, span_of
from bot.ui.client import asker_of
from bot.ui.media.chart import draw_usage
from sandbox.tokenlab import DEMO_TOKEN
from tests.behaviour.conftest import Seen, World, text_of

OWN, SERVER = 0, 1
THIS_MONTH, LAST_MONTH, LAST_DAYS = 0, 1, 2
DEED = Deed(act=Act.RULES, guild_id=1, actor_id=1)


@pytest.fixture(scope="module", autouse=True)
def library() -> None:
    """What draws is loaded once, before a test waits for an answer: that takes a while on a busy machine."""
    span = span_of(Period.THIS_MONTH, datetime(2026, 1, 1, tzinfo=UTC))
    asyncio.run(draw_usage(Usage(span=span, rows=(), members=())))


async def usage(world: World, who: Any, channel: Any = None) -> Any:
    """What `/usage` answers."""
    answer = await who.slash(channel or world.channel, "usage")
    assert answer.response.ephemeral
    return answer.response.message


def labels(message: Any) -> list[str]:
    return [child.label for row in message.components for child in row.children if child.type.name == "button"]


def cog() -> Any:
    """The module as the bot has loaded it."""
    return sys.modules["cogs.usage"]


def button(message: Any, press: str, scope: int, period: int = THIS_MONTH) -> str:
    wanted = f"encore:{press}:{scope}:{period}"
    assert wanted in [child.custom_id for row in message.components for child in row.children], message.components
    return wanted


async def pressed(world: World, message: Any, who: Any, custom_id: str, *values: str) -> Any:
    """What a press makes of the sheet, or the file or sentence that it brings."""
    return await Seen(world, message).press(who, custom_id, *values)


def shown(world: World, message: Any) -> Any:
    """A message as it is now."""
    return Seen(world, message)._payload


def words_in(payload: Any) -> str:
    (embed,) = payload["embeds"]
    return "\n".join(
        [embed["title"], embed["description"], *(f"{f['name']}: {f['value']}" for f in embed.get("fields", ()))]
    )


async def book(message: Any) -> list[dict[str, str]]:
    (file,) = message.attachments
    content = await file.read()
    if file.filename.endswith(".gz"):
        content = gzip.decompress(content)
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


# --- a member ---------------------------------------------------------------------------------------------------------


async def test_a_member_sees_what_they_used_apart_from_others(world: World) -> None:
    await world.song(by=world.alice)
    await world.song("Another one", by=world.bob)
    await world.asked("And one more", by=world.alice)
    message = await usage(world, world.alice)
    words = text_of(message)
    assert "Your usage" in words
    assert "Spent (solid) **1** · up to $0.25 by the price list" in words
    assert "Under way (striped) **1** · up to $0.25 by the price list" in words
    assert "Unclear (dotted) **0** · $0.00" in words
    assert "By member" not in words
    assert labels(message) == ["Save as CSV"]


async def test_the_chart_comes_along_and_is_described(world: World) -> None:
    await world.song()
    message = await usage(world, world.alice)
    (file,) = message.attachments
    assert Image.open(io.BytesIO(await file.read())).format == "PNG"
    assert file.description.startswith("Usage by day, 2026-01-01 to 2026-01-31: spent 1, ≤ $0.25")
    assert message.embeds[0].image.url == "attachment://usage.png"


async def test_who_has_used_nothing_is_told_so(world: World) -> None:
    message = await usage(world, world.bob)
    assert "Nothing was asked for in these days." in text_of(message)
    assert message.attachments == []


async def test_what_failed_cost_nothing_and_what_is_unclear_is_kept_apart(world: World) -> None:
    failed = await world.asked("fails")
    await world.turn()
    world.standin.fail((await world.task(failed.id)).provider_task_id or "")
    await world.until(State.FAILED, failed.id)
    await world.uncertain()
    words = text_of(await usage(world, world.alice))
    assert "Spent (solid) **0** · $0.00" in words
    assert "Unclear (dotted) **1** · up to $0.25 by the price list" in words


async def test_another_month_is_picked_from_the_menu(world: World) -> None:
    await world.song()
    message = await usage(world, world.alice)
    await pressed(world, message, world.alice, f"encore:menu:usage_period:{OWN}", "last_month")
    now = shown(world, message)
    assert "Last month · 2025-12-01 / 2025-12-31\nNothing was asked for" in words_in(now)
    assert now["attachments"] == []
    await pressed(world, message, world.alice, f"encore:menu:usage_period:{OWN}", "last_days")
    now = shown(world, message)
    assert "The last 30 days · 2025-12-03 / 2026-01-01" in words_in(now)
    assert len(now["attachments"]) == 1


async def test_it_works_after_a_restart(world: World) -> None:
    await world.song()
    message = await usage(world, world.alice)
    await world.restart()
    await pressed(world, message, world.alice, f"encore:menu:usage_period:{OWN}", "last_month")
    assert "Last month" in words_in(shown(world, message))


async def test_in_a_direct_message_it_is_the_members_own(world: World) -> None:
    await world.song()
    answer = await world.alice.user.slash("usage")
    message = answer.response.message
    words = text_of(message)
    assert "Spent (solid) **1**" in words
    assert labels(message) == ["Save as CSV"]


async def test_limits_stand_beside_what_is_used(world: World) -> None:
    await world.app.stores.servers.change_rules(world.guild.id, RuleChanges(daily_per_member=5, monthly_songs=20), DEED)
    await world.asked(by=world.alice)
    await world.asked(by=world.bob)
    own = text_of(await usage(world, world.alice))
    assert "Your day: **1** of 5" in own
    assert "This month: **" not in own, "the server's budget is no business of a member's"
    message = await usage(world, world.mo)
    await pressed(world, message, world.mo, button(message, "usage", SERVER))
    assert "This month: **2** of 20" in words_in(shown(world, message))


# --- a server ---------------------------------------------------------------------------------------------------------


async def test_a_moderator_switches_to_the_server_and_back(world: World) -> None:
    await world.song(by=world.alice)
    await world.song("Another one", by=world.bob)
    message = await usage(world, world.mo)
    assert labels(message) == ["This server", "Save as CSV"]
    await pressed(world, message, world.mo, button(message, "usage", SERVER))
    words = words_in(shown(world, message))
    assert "Usage of this server" in words
    assert "Spent (solid): **2** · up to $0.50" in words
    assert f"<@{world.alice.id}> · **1** · " in words
    assert f"<@{world.bob.id}> · **1** · " in words
    await pressed(world, message, world.mo, f"encore:usage:{OWN}:{THIS_MONTH}")
    assert "Your usage" in words_in(shown(world, message))


@pytest.mark.parametrize(
    ("custom_id", "values"),
    [
        (f"encore:usage:{SERVER}:{THIS_MONTH}", ()),
        (f"encore:menu:usage_period:{SERVER}", ("last_month",)),
        (f"encore:usage_csv:{SERVER}:{THIS_MONTH}", ()),
    ],
)
async def test_a_member_never_sees_the_server_whatever_they_press(
    world: World, custom_id: str, values: tuple[str, ...]
) -> None:
    await world.song(by=world.bob)
    message = await usage(world, world.alice)
    before = shown(world, message)
    forged = Seen(world, message)
    forged._payload["components"][0 if values else 1]["components"][0]["custom_id"] = custom_id
    answer = await forged.press(world.alice, custom_id, *values)
    told = answer.followups[0] if answer.followups else answer.response
    assert told.ephemeral
    assert text_of(told).startswith("Only moderators of this server")
    assert shown(world, message) == before


async def test_a_moderator_of_another_server_sees_that_one_only(world: World) -> None:
    await world.song(by=world.alice)
    other = world.env.create_guild(name="Elsewhere")
    lounge = other.create_text_channel("lounge")
    stranger = other.add_member(world.env.create_user("Stranger"), roles=[_moderators(other)])
    message = await usage(world, stranger, lounge)
    await pressed(world, message, stranger, button(message, "usage", SERVER))
    words = words_in(shown(world, message))
    assert "Usage of this server" in words
    assert "Nothing was asked for in these days." in words


async def test_an_admin_who_moderates_nothing_sees_what_the_budget_is_used_for(world: World) -> None:
    await world.song(by=world.alice)
    role = world.guild.create_role("Admins", permissions=discord.Permissions(manage_guild=True))
    ada = world.guild.add_member(world.env.create_user("Ada"), roles=[role])
    message = await usage(world, ada)
    await pressed(world, message, ada, button(message, "usage", SERVER))
    assert "Usage of this server" in words_in(shown(world, message))


def _moderators(guild: Any) -> Any:
    return guild.create_role("Moderators", permissions=discord.Permissions(manage_messages=True))


# --- files ------------------------------------------------------------------------------------------------------------


async def test_a_member_saves_their_own_tasks(world: World) -> None:
    song = await world.song("SECRET words", by=world.alice)
    await world.song("Another one", by=world.bob)
    message = await usage(world, world.alice)
    answer = await pressed(world, message, world.alice, button(message, "usage_csv", OWN))
    file = answer.response
    assert file.ephemeral
    assert file.attachments[0].filename == "usage-own-this_month-2026-01-01.csv"
    (row,) = await book(file)
    assert (row["id"], row["member_id"], row["charge"]) == (str(song.id), str(world.alice.id), "settled")
    assert (row["request_id"], row["price_max_usd"]) == (song.request_id, "0.25")
    assert "SECRET" not in str(row)


async def test_a_moderator_saves_the_servers(world: World) -> None:
    await world.song(by=world.alice)
    await world.song("Another one", by=world.bob)
    message = await usage(world, world.mo)
    await pressed(world, message, world.mo, button(message, "usage", SERVER))
    answer = await pressed(world, message, world.mo, f"encore:usage_csv:{SERVER}:{THIS_MONTH}")
    rows = await book(answer.response)
    assert {row["member_id"] for row in rows} == {str(world.alice.id), str(world.bob.id)}


def limit_files(monkeypatch: pytest.MonkeyPatch, limit_bytes: int) -> None:
    monkeypatch.setattr(cog(), "asker_of", lambda it: replace(asker_of(it), attachment_limit_bytes=limit_bytes))


async def test_a_file_that_does_not_fit_is_packed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.song()
    message = await usage(world, world.alice)
    saved = (await pressed(world, message, world.alice, button(message, "usage_csv", OWN))).response
    limit_files(monkeypatch, saved.attachments[0].size - 1)
    packed = (await pressed(world, message, world.alice, button(message, "usage_csv", OWN))).response
    assert packed.attachments[0].filename == "usage-own-this_month-2026-01-01.csv.gz"
    assert await book(packed) == await book(saved)


@pytest.mark.parametrize(
    ("limit_bytes", "rows_max", "said"),
    [
        (30, 9, "That is too much for one file here. Choose a shorter time."),
        (10**6, 0, "That is too much for one file here. Choose a shorter time."),
        (0, 9, "I may not attach files in this channel."),
    ],
)
async def test_a_file_that_cannot_be_sent_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch, limit_bytes: int, rows_max: int, said: str
) -> None:
    await world.song()
    message = await usage(world, world.alice)
    limit_files(monkeypatch, limit_bytes)
    monkeypatch.setattr(cog(), "ROWS_MAX", rows_max)
    told = (await pressed(world, message, world.alice, button(message, "usage_csv", OWN))).response
    assert said in text_of(told)
    assert told.attachments == []


@pytest.mark.parametrize("limit_bytes", [0, 100])
async def test_where_no_picture_can_be_attached_the_words_are_there(
    world: World, monkeypatch: pytest.MonkeyPatch, limit_bytes: int
) -> None:
    await world.song()
    limit_files(monkeypatch, limit_bytes)
    message = await usage(world, world.alice)
    assert "Spent (solid) **1**" in text_of(message)
    assert message.attachments == []
    assert message.embeds[0].image.url is None


# --- what it really cost ----------------------------------------------------------------------------------------------

RECORDS = {"tokenlab_management_token": DEMO_TOKEN}


@pytest.mark.parametrize("world", [RECORDS], indirect=True)
async def test_costs_on_record_take_the_place_of_the_price_list(world: World) -> None:
    await world.song()
    assert "up to $0.25 by the price list" in text_of(await usage(world, world.alice))
    await world.advance(timedelta(minutes=6).total_seconds())
    message = await usage(world, world.alice)
    assert "Spent (solid) **1** · $0.135" in text_of(message)
    answer = await pressed(world, message, world.alice, button(message, "usage_csv", OWN))
    (row,) = await book(answer.response)
    assert (row["cost_usd"], row["price_max_usd"]) == ("0.135", "0.25")


@pytest.mark.parametrize("world", [RECORDS], indirect=True)
async def test_an_unclear_task_that_is_on_the_bill_is_no_longer_unclear(world: World) -> None:
    task = await world.asked()
    world.standin.faults.on_create("drop_recorded")
    await world.until(State.UNCERTAIN, task.id, step_s=1)
    (create,) = world.standin.creates
    await world.write(task.id, request_id=create.request_id)
    await world.advance(timedelta(minutes=6).total_seconds())
    words = text_of(await usage(world, world.alice))
    assert "Spent (solid) **1** · $0.135" in words
    assert "Unclear (dotted) **0**" in words


async def test_without_a_token_nobody_asks_for_records(world: World) -> None:
    await world.song()
    await world.advance(timedelta(minutes=6).total_seconds())
    assert not [seen for seen in world.standin.requests if "management" in seen.path]


@pytest.mark.parametrize("world", [{"tokenlab_management_token": "mt-wrong"}], indirect=True)
async def test_a_refused_token_does_no_harm(world: World) -> None:
    await world.song()
    await world.advance(timedelta(minutes=6).total_seconds())
    await world.song("Another one")
    assert "Spent (solid) **2** · up to $0.50 by the price list" in text_of(await usage(world, world.alice))
