"""When the stand-in goes wrong: faults that stand for each task and file by itself, and its command line."""

import asyncio
import json
import signal
import sys

import aiohttp
import pytest
from click.testing import CliRunner

from sandbox.faults import CREATE_FAULTS, MEDIA_FAULTS, STATUS_FAULTS
from sandbox.tokenlab import main
from tests.fakes.standin_api import CREATE, SONG, Api, Clock, MakeApi, standins
from tests.integration.standin.test_standin import ROOT


async def statuses(api: Api, url: str, count: int) -> list[int]:
    return [(await api.download(url))[0] for _ in range(count)]


async def test_a_file_can_be_refused_for_its_first_requests(make_api: MakeApi) -> None:
    api = await make_api(media_faults=["forbidden:2"])
    first, second = [(await api.finished())["audio_url"] for _ in range(2)]
    assert await statuses(api, first, 3) == [403, 403, 200]
    assert await statuses(api, second, 3) == [403, 403, 200]


async def test_covers_go_wrong_by_themselves(make_api: MakeApi) -> None:
    api = await make_api(cover_faults=["gone:1"], media_faults=["forbidden:1"])
    song = await api.finished()
    api.standin.faults.on_cover("server_error")
    assert await statuses(api, song["image_url"], 3) == [410, 503, 200]
    assert await statuses(api, song["audio_url"], 2) == [403, 200]


async def test_a_file_can_be_missing_for_its_first_seconds(make_api: MakeApi, clock: Clock) -> None:
    api = await make_api(media_faults=["not_found:20s"])
    url = (await api.finished())["audio_url"]
    clock.tick(60)
    assert await statuses(api, url, 2) == [404, 404]
    clock.tick(19.9)
    assert await statuses(api, url, 1) == [404]
    clock.tick(0.1)
    assert await statuses(api, url, 1) == [200]


async def test_a_wish_can_be_refused_at_first_and_another_fault_take_its_turn(make_api: MakeApi) -> None:
    api = await make_api(create_faults=["rate_limited:1", "maintenance:1"])
    for prompt in ("one", "two"):
        answers = [(await api.ask("POST", CREATE, body={**SONG, "prompt": prompt}))[0] for _ in range(3)]
        assert answers == [429, 455, 200]


async def test_what_is_told_of_a_task_waits_until_it_is_that_far(make_api: MakeApi, clock: Clock) -> None:
    api = await make_api(status_faults=["status_text_success", "status_success", "server_error:1"])
    created = await api.create()
    assert (await api.ask("GET", created["poll_url"]))[0] == 500
    words = []
    for _ in range(4):
        words.append((await api.look(created["id"]))["status"])
        clock.tick(5)
    assert words == ["pending", "TEXT_SUCCESS", "TEXT_SUCCESS", "SUCCESS"]
    song = await api.look(created["id"])
    assert (await api.download(song["audio_url"]))[0] == 200


@pytest.mark.parametrize("spec", ["forbiden", "forbidden:", "forbidden:x", "forbidden:-1", "forbidden:3m", ""])
def test_an_unknown_fault_is_refused_in_one_line_that_names_those_there_are(spec: str) -> None:
    result = CliRunner().invoke(main, ["--media-fault", spec])
    assert result.exit_code == 2
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("Error")]
    assert "truncated_whole" in line
    assert "Traceback" not in result.output


async def test_the_same_mistake_in_a_test_is_an_error() -> None:
    with pytest.raises(ValueError, match="'nonsense' is not NAME"):
        async with standins(Clock()) as make:
            await make(status_faults=["nonsense"])


def test_the_help_names_every_fault() -> None:
    words = CliRunner().invoke(main, ["--help"], terminal_width=10_000).output.replace(",", " ").split()
    assert {*CREATE_FAULTS, *STATUS_FAULTS, *MEDIA_FAULTS} <= {word.rstrip(".") for word in words}


async def test_a_process_of_its_own_has_all_switches() -> None:
    options = (
        "--takes=1 --short-songs --late-every=1 --audio=m4a --links-live-s=60 --song-s=0 --revoked-keys=3"
        " --media-fault=empty:1 --status-fault=completed_camel_case --create-fault=too_often:1"
    )
    command = (sys.executable, "-m", "sandbox.tokenlab", *options.split())
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    addresses = json.loads(await asyncio.wait_for(process.stdout.readline(), 30))
    async with aiohttp.ClientSession(addresses["api_base"]) as session:
        headers = {"Authorization": f"Bearer {addresses['key']}"}
        async with session.post(CREATE, json=SONG, headers=headers) as answer:
            assert answer.status == 430
        async with session.post(CREATE, json=SONG, headers=headers) as answer:
            created = await answer.json()
        async with session.get(created["poll_url"], headers=headers) as answer:
            (take,) = (await answer.json())["data"]
    assert ".m4a?Expires=" in take["audioUrl"]
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 30) == 0
