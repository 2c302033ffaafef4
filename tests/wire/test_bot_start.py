"""Starting `python -m bot`: where settings come from, what is said when they are wrong, health, and one at a time."""

import asyncio
import functools
import re
import signal
import socket
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.fakes.discord_world import FakeMessage
from tests.wire.conftest import Measure, Studio
from tests.wire.harness import API_KEY, BotProcess, edit_rows

pytestmark = pytest.mark.wire

PASSWORD = "hunter2-and-more"  # not a real one


def words_of(bot: BotProcess) -> list[str]:
    """What was said to the operator: the output without log lines."""
    return [line for line in bot.lines if not line.startswith("{")]


def told(bot: BotProcess) -> list[str]:
    """What ended the start, as the log has it."""
    return [line["event"] for line in bot.logs if line["level"] == "critical"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def ended(bot: BotProcess) -> int:
    """The exit code of a start that is to fail."""
    await bot.launch()
    return await bot.exited()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"DISCORD_TOKEN": None}, "DISCORD_TOKEN"),
        ({"TOKENLAB_API_KEY": ""}, "TOKENLAB_API_KEY"),
        ({"POLL_INTERVAL_S": "often"}, "POLL_INTERVAL_S"),
        ({"TOKENLAB_VERSION": "v99"}, "TOKENLAB_VERSION"),
        ({"TOKENLAB_API_BASE": f"https://user:{PASSWORD}@api.example.com"}, "TOKENLAB_API_BASE"),
        ({"DATABASE_URL": f"mysql://encore:{PASSWORD}@db/encore"}, "DATABASE_URL"),
    ],
)
async def test_wrong_settings_end_the_start_with_one_line_that_names_the_variable(
    stopped: Studio, changes: dict[str, str | None], named: str
) -> None:
    bot = stopped.bot
    bot.env = {name: value for name, value in (bot.env | changes).items() if value is not None}
    assert await ended(bot) == 2
    assert len(bot.lines) == len(told(bot)) == 1, bot.output
    assert told(bot)[0].startswith(f"{named}: ")
    assert not re.search(f"{PASSWORD}|{API_KEY}|{stopped.discord.token}", bot.output)
    assert stopped.discord.requests == []


async def test_an_empty_value_is_the_same_as_none(stopped: Studio) -> None:
    stopped.bot.env |= {"TOKENLAB_LYRICS_MODEL": "", "SHARD_COUNT": "", "HTTP_PORT": "", "LOG_LEVEL": ""}
    await stopped.bot.start()
    assert (await stopped.bot.terminate())[0] == 0


async def test_a_wrong_token_ends_the_start_with_one_line(stopped: Studio) -> None:
    stopped.bot.env["DISCORD_TOKEN"] = "wrong-token-0001"
    assert await ended(stopped.bot) == 2
    (line,) = told(stopped.bot)
    assert line.startswith("DISCORD_TOKEN: Discord does not accept it")
    assert words_of(stopped.bot) == []
    assert "wrong-token-0001" not in stopped.bot.output


async def test_a_missing_switch_in_the_portal_ends_the_start_with_one_line(stopped: Studio) -> None:
    stopped.bot.env["MESSAGE_CONTENT_INTENT"] = "true"
    assert await ended(stopped.bot) == 2
    (line,) = told(stopped.bot)
    assert line.startswith("MESSAGE_CONTENT_INTENT: ")
    assert "developer portal" in line


async def test_with_the_switch_on_replies_to_cards_are_read(stopped: Studio) -> None:
    discord = stopped.discord
    discord.gateway.message_content_enabled = True
    stopped.bot.env["MESSAGE_CONTENT_INTENT"] = "true"
    await stopped.bot.start()
    card = await stopped.finished("Read my reply")
    sent = await discord.message(discord.alice, discord.songs, "from 0:03, louder", reply_to=card, ping=False)
    draft = await discord.new_message(discord.songs, after=sent)
    assert draft.labels == ["Start", "Edit", "Cancel"]
    assert "louder" in draft.text


async def test_settings_come_from_a_file_and_the_environment_wins(stopped: Studio, tmp_path: Path) -> None:
    bot, port = stopped.bot, free_port()
    given = bot.env | {"DISCORD_TOKEN": "wrong-token-0001", "HTTP_PORT": str(port), "DISCORD_TOKN": "typo"}
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in given.items()))
    bot.env = {"DISCORD_TOKEN": stopped.discord.token}
    gate = stopped.discord.hold("GET", "^/users/@me$")
    await bot.launch()
    await gate.arrived()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
        assert await get(http, "/healthz") == (200, "ok\n")
        assert (await get(http, "/readyz"))[0] == 503
        gate.release()
        await bot.logged(lambda line: "Discord is ready" in line)
        assert (await get(http, "/readyz"))[0] == 200
        await stopped.finished("Counted")
        status, text = await get(http, "/metrics")
    assert (status, 'encore_tasks{state="completed"} 1.0' in text) == (200, True)
    warned = [line["event"] for line in bot.logs if line["level"] == "warning" and "not a setting" in line["event"]]
    assert warned == ["DISCORD_TOKN: not a setting of Encore; a typo of DISCORD_TOKEN?"]


async def get(http: aiohttp.ClientSession, path: str) -> tuple[int, str]:
    async with http.get(path) as answer:
        return answer.status, await answer.text()


async def test_a_second_process_on_the_same_file_is_refused_and_the_first_goes_on(studio: Studio) -> None:
    second = BotProcess(studio.discord, studio.bot.env, data_dir=studio.bot.data_dir)
    try:
        assert await ended(second) == 1
    finally:
        await second.kill()
    (line,) = told(second)
    assert line.startswith("DATABASE_URL: another process")
    assert "Traceback" not in second.output
    await studio.finished("Still here")


async def test_a_database_that_cannot_be_opened_is_one_line(stopped: Studio, tmp_path: Path) -> None:
    (tmp_path / "encore.db").write_bytes(b"This is no database at all. " * 400)
    assert await ended(stopped.bot) == 1
    assert told(stopped.bot) == ["DATABASE_URL: the file is no SQLite database"]


async def test_a_port_that_is_taken_is_one_line_that_names_it(stopped: Studio) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        stopped.bot.env["HTTP_PORT"] = str(port)
        assert await ended(stopped.bot) == 2
    (line,) = told(stopped.bot)
    assert line.startswith(f"HTTP_PORT: {port} is in use already")


async def test_an_address_of_another_machine_is_one_line_that_names_it(stopped: Studio) -> None:
    stopped.bot.env |= {"HTTP_HOST": "192.0.2.1", "HTTP_PORT": str(free_port())}
    assert await ended(stopped.bot) == 2
    assert told(stopped.bot) == ["HTTP_HOST: 192.0.2.1 is no address of this machine"]


async def test_only_its_owner_may_read_what_a_running_bot_keeps(studio: Studio) -> None:
    await studio.finished("Kept to itself")
    modes = {path.name: path.stat().st_mode & 0o077 for path in studio.bot.data_dir.glob("encore.db*")}
    assert set(modes) == {"encore.db", "encore.db-wal", "encore.db-shm", "encore.db.lock"}
    assert set(modes.values()) == {0}


async def test_a_file_that_others_may_read_is_left_so_with_a_warning(studio: Studio) -> None:
    await studio.bot.kill()
    studio.bot.database.chmod(0o644)
    await studio.bot.start()
    assert any("DATABASE_URL: other users" in line["event"] for line in studio.bot.logs)
    assert studio.bot.database.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("host", ["http://127.0.0.1:{port}", "http://no-such-host.invalid"])
async def test_discord_out_of_reach_at_the_start_is_waited_for(stopped: Studio, host: str) -> None:
    stopped.bot.env["DISCORD_API_BASE"] = host.format(port=free_port())
    await stopped.bot.launch()
    await stopped.bot.logged(lambda line: "Discord is waited for" in line, timeout_s=30)
    assert (stopped.bot.running, told(stopped.bot)) == (True, [])
    assert (await stopped.bot.terminate())[0] == 0


# --- what stops everybody --------------------------------------------------------------------------------------------


async def test_a_wrong_key_fails_no_wish_and_is_told_by_its_name(stopped: Studio) -> None:
    port = free_port()
    stopped.bot.env |= {"TOKENLAB_API_KEY": "sk-wrong-0001", "HTTP_PORT": str(port)}
    stopped.bot.env["OPERATOR_CHANNEL"] = str(stopped.discord.songs.id)
    await stopped.bot.start()
    await stopped.bot.logged(lambda line: "TOKENLAB_API_KEY is refused" in line, timeout_s=30)
    assert (await stopped.song("Not now")).ephemeral
    assert "unreachable" not in stopped.bot.output
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
        status, text = await get(http, "/readyz")
        assert (status, "no wishes are taken: key since 20" in text) == (503, True)
        assert 'encore_outage{cause="key"} 1.0' in (await get(http, "/metrics"))[1]
    notes = [message.content for message in stopped.discord.songs.history]
    assert len([note for note in notes if "TOKENLAB_API_KEY" in note]) == 1
    stopped.bot.env["TOKENLAB_API_KEY"] = API_KEY
    await stopped.bot.kill()
    await stopped.bot.start()
    await stopped.bot.logged(lambda line: "what stopped everybody is over" in line, timeout_s=30)
    await stopped.finished("Now")


async def test_a_folder_that_cannot_be_made_is_told_by_its_name_and_takes_no_wish(stopped: Studio) -> None:
    stopped.bot.env["MEDIA_DIR"] = "/proc/no-such-folder"
    await stopped.bot.start()
    await stopped.bot.logged(lambda line: "MEDIA_DIR can't be used" in line)
    assert (await stopped.song("Nowhere to put it")).ephemeral
    assert stopped.standin.creates == []


# --- what Discord refuses for now ------------------------------------------------------------------------------------

COMMANDS = r"^/applications/\d+/commands$"


async def owed(studio: Studio, prompt: str) -> FakeMessage:
    """A song that was finished while the bot was down; gives its card."""
    await studio.bot.start()
    answer, provider_id = await studio.running(prompt)
    await studio.bot.kill()
    studio.standin.finish(provider_id)
    return answer.shown


def waiting(bot: BotProcess, step: str) -> list[dict[str, Any]]:
    """The lines that say that a step is waited for."""
    return [line for line in bot.logs if (line["event"], line.get("step")) == ("Discord is waited for", step)]


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize(("status", "code"), [(400, 50240), (400, 50035), (429, 30034), (503, 0)])
async def test_refused_commands_keep_no_song_from_its_member(
    stopped: Studio, method: str, status: int, code: int
) -> None:
    card = await owed(stopped, "Owed without commands")
    stopped.discord.state.commands = []
    stopped.discord.fail(method, COMMANDS, status=status, code=code, times=99)
    await stopped.bot.launch()
    await stopped.shows(card, "Finished")
    await stopped.told(card)
    assert stopped.bot.running
    assert len(stopped.pings_of(card)) == 1
    assert len(waiting(stopped.bot, "commands")) == 1
    assert (await stopped.discord.click(stopped.discord.alice, card, "More")).ephemeral


async def test_a_gateway_that_is_not_to_be_had_keeps_no_song_from_its_member(stopped: Studio) -> None:
    card = await owed(stopped, "Owed without a gateway")
    del stopped.bot.env["DISCORD_GATEWAY_URL"]
    stopped.discord.rate_limit("GET", "^/gateway/bot$", retry_after_s=7200, times=99)
    await stopped.bot.launch()
    await stopped.shows(card, "Finished")
    await stopped.told(card)
    (line,) = waiting(stopped.bot, "gateway")
    assert line["rest_s"] == 7200
    assert len(stopped.discord.made("GET", "^/gateway/bot$")) == 1
    assert (await stopped.bot.terminate())[0] == 0


async def test_login_commands_and_gateway_come_when_they_can(stopped: Studio) -> None:
    del stopped.bot.env["DISCORD_GATEWAY_URL"]
    for method, path in (("GET", "^/users/@me$"), ("PUT", COMMANDS), ("GET", "^/gateway/bot$")):
        stopped.discord.fail(method, path, status=503)
    await stopped.bot.start()
    for step in ("login", "commands", "gateway"):
        assert len(waiting(stopped.bot, step)) == 1
    await stopped.finished("After all")


async def test_a_wish_right_after_the_start_is_taken_under_a_budget_in_dollars(stopped: Studio) -> None:
    stopped.bot.env["FIRST_MONTHLY_USD"] = "50"
    slow = stopped.standin.faults.on_models("hang_then_answer")
    await stopped.bot.launch()
    await stopped.standin.wait_until(lambda: any(seen.path == "/v1/models" for seen in stopped.standin.requests))
    asyncio.get_running_loop().call_later(1.0, slow.release.set)
    await stopped.bot.ready()
    answer = await stopped.song("First of all")
    assert not answer.ephemeral, answer.shown.text
    row = await stopped.until_row(answer.shown, lambda row: row["state"] == "completed")
    assert row["price_max_usd"] is not None


async def test_silence_at_tokenlab_keeps_nobody_from_the_gateway(stopped: Studio) -> None:
    stopped.standin.faults.on_models("hang_then_answer")
    await stopped.bot.start()
    assert not (await stopped.song("Nobody knows the price")).ephemeral


async def test_unchanged_commands_are_sent_once_and_changed_ones_again(stopped: Studio) -> None:
    sent = functools.partial(stopped.discord.made, "PUT", COMMANDS)
    await stopped.bot.start()
    await stopped.bot.until_rows(bool, sql="SELECT * FROM remembered")
    await stopped.bot.kill()
    await stopped.bot.start()
    await stopped.finished("Known commands")
    assert len(sent()) == 1
    await stopped.bot.kill()
    edit_rows(stopped.bot.database, "UPDATE remembered SET value = 'of an earlier version'")
    await stopped.bot.start()
    await stopped.discord.until(lambda: len(sent()) == 2)


async def test_commands_that_somebody_has_removed_are_sent_again(stopped: Studio) -> None:
    await stopped.bot.start()
    await stopped.bot.until_rows(bool, sql="SELECT * FROM remembered")
    await stopped.bot.kill()
    stopped.discord.state.commands.pop()
    await stopped.bot.start()
    await stopped.discord.until(lambda: len(stopped.discord.made("PUT", COMMANDS)) == 2)


async def test_an_entry_point_command_of_the_application_is_kept(stopped: Studio) -> None:
    entry = {"id": "77", "application_id": str(stopped.discord.application_id), "version": "78", "type": 4,
             "name": "launch", "description": "", "handler": 2, "default_member_permissions": None,
             "integration_types": [0], "contexts": [0], "nsfw": False}  # fmt: skip
    stopped.discord.state.commands = [entry]
    await stopped.bot.start()
    commands = await stopped.discord.until(lambda: stopped.discord.commands[1:] and stopped.discord.commands)
    assert [(one["id"], one["handler"]) for one in commands if one["type"] == 4] == [("77", 2)]
    assert "song" in {one["name"] for one in commands}
    assert waiting(stopped.bot, "commands") == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_an_idle_bot_stops_cleanly(studio: Studio, number: signal.Signals, measure: Measure) -> None:
    code, seconds = await studio.bot.terminate(number=number)
    measure("exit_s", seconds)
    assert code == 0
    assert seconds < 5
    assert words_of(studio.bot) == []
    assert not studio.discord.gateway.connected


async def test_a_bot_that_is_still_logging_in_stops_as_well(stopped: Studio) -> None:
    gate = stopped.discord.hold("GET", "^/users/@me$")
    await stopped.bot.launch()
    await gate.arrived()
    code, seconds = await stopped.bot.terminate()
    assert (code, seconds < 5) == (0, True)


async def test_a_start_that_waits_for_a_silent_database_can_be_stopped(stopped: Studio, measure: Measure) -> None:
    asked = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as silent:
        port = silent.sockets[0].getsockname()[1]
        stopped.bot.env |= {"DATABASE_URL": f"postgresql+asyncpg://encore@127.0.0.1:{port}/encore"}
        await stopped.bot.launch()
        await asyncio.wait_for(asked.wait(), 20)
        code, seconds = await stopped.bot.terminate()

    measure("exit_s", seconds)
    assert (code, seconds < 3) == (0, True)
