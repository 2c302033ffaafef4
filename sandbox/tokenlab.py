"""A stand-in for the TokenLab music API on loopback: the same routes, rules and errors, with faults on demand.

In a test: `async with StandIn() as standin:` gives `api_base`, `media_base` and `key`; `standin.faults` makes things
go wrong. As a process of its own: `python -m sandbox.tokenlab --port 8801 --media-port 8802 --state tasks.jsonl`,
with the same faults: `--media-fault forbidden:3`. Songs come in two takes of minutes, unless asked otherwise.
Section replacement and stem separation are not offered.
"""

import asyncio
import json
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import click
from aiohttp import web

from sandbox.answers import Answers
from sandbox.api import MusicApi, Rules, SeenRequest
from sandbox.catalog import Catalog
from sandbox.checks import Retired
from sandbox.faults import CREATE_FAULTS, MEDIA_FAULTS, STATUS_FAULTS
from sandbox.ledger import MAX_TAKES, Ledger, Task
from sandbox.media import MediaHost
from sandbox.plan import Faults, Known, check_spec
from sandbox.problems import Body
from sandbox.records import Records
from sandbox.signing import Signer
from sandbox.tune import CONTENT_TYPES

HOST = "127.0.0.1"
DEMO_KEY = "sk-demo-encore"
DEMO_TOKEN = "mt-demo-encore"  # noqa: S105 -- opens nothing but the stand-in
STOPPING_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """One accepted create: money spent."""

    id: str
    request_id: str
    body: Body
    at_s: float


class StandIn:
    """Both servers, the tasks and the test control.

    Time: `song_s` and `lyrics_s` are how long tasks take on `clock`, which `speed` makes run faster; `settle_s` later
    they are billed. With `state_path` tasks survive a restart of the stand-in; with fixed ports so do its addresses.

    Songs: `takes` is how many takes each has; they last minutes, or some seconds without `long_songs`. The audio of
    every `late_every`th song comes a look after it was completed (0: of none). `audio` is mp3 or m4a. With
    `links_live_s` addresses are signed, spelt oddly, and expire. `sings_prompt` sings the prompt of a song with title
    and tags.

    Rules: `lenient` lets `mv` be missing and takes parameters that a model doesn't publish; without `lyrics_model` no
    model writes lyrics; `progress` shows progress; `magic_words` are for the demo (`sandbox.magic`). `retired` versions
    are refused, in words alone without `retired_names_mv`; both can be changed while it runs. `revoked_keys` is how
    many keys the records list beside those that work.

    Trouble: `create_faults`, `status_faults`, `media_faults` and `cover_faults` stand for as long as it runs, see
    `sandbox.plan`.
    """

    def __init__(
        self,
        *,
        state_path: Path | None = None,
        keys: Iterable[str] = (DEMO_KEY,),
        management_token: str = DEMO_TOKEN,
        clock: Callable[[], float] = time.time,
        speed: float = 1.0,
        song_s: float = 15.0,
        lyrics_s: float = 6.0,
        settle_s: float = 4.0,
        takes: int = 2,
        long_songs: bool = True,
        late_every: int = 5,
        audio: str = "mp3",
        links_live_s: float | None = None,
        port: int = 0,
        media_port: int = 0,
        lyrics_model: bool = True,
        lenient: bool = False,
        progress: bool = False,
        sings_prompt: bool = False,
        magic_words: bool = False,
        retired: Iterable[str] = (),
        retired_names_mv: bool = True,
        revoked_keys: int = 0,
        create_faults: Iterable[str] = (),
        status_faults: Iterable[str] = (),
        media_faults: Iterable[str] = (),
        cover_faults: Iterable[str] = (),
    ) -> None:
        accepted = tuple(keys)
        self.key = accepted[0]
        self.management_token = management_token
        self.port = port
        self.media_port = media_port
        self.faults = Faults(clock, create=create_faults, status=status_faults, media=media_faults, cover=cover_faults)
        self.retired = Retired(versions=set(retired), names_mv=retired_names_mv)
        self.rules = Rules(
            song_s=song_s,
            lyrics_s=lyrics_s,
            takes=takes,
            long_songs=long_songs,
            late_every=late_every,
            lenient=lenient,
            magic_words=magic_words,
            retired=self.retired,
        )
        self.signer = Signer(life_s=links_live_s, clock=clock)
        self._ledger = Ledger(state_path, clock=clock, speed=speed)
        self._answers = Answers(
            ledger=self._ledger,
            signer=self.signer,
            settle_s=settle_s,
            progress=progress,
            audio=audio,
            sings_prompt=sings_prompt,
        )
        self._media = MediaHost(self._ledger, self.faults, self.signer)
        catalog = Catalog(lyrics_model=lyrics_model)
        records = Records(
            ledger=self._ledger, catalog=catalog, answers=self._answers, keys=accepted, revoked=revoked_keys
        )
        self._api = MusicApi(
            ledger=self._ledger,
            catalog=catalog,
            answers=self._answers,
            faults=self.faults,
            records=records,
            keys=accepted,
            management_token=management_token,
            rules=self.rules,
            clock=clock,
        )
        self._runners: list[web.AppRunner] = []

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen on both ports. After `stop` it listens on the same ones again."""
        self.media_port = await self._serve(self._media.app(), self.media_port)
        self._answers.media_base = self.media_base
        self.port = await self._serve(self._api.app(), self.port)

    async def stop(self) -> None:
        """Let go of every request that hangs and close both ports. Tasks and records are kept."""
        self.faults.clear()
        for runner in reversed(self._runners):
            await runner.cleanup()
        self._runners.clear()

    @property
    def api_base(self) -> str:
        """Origin of the API, without a path."""
        return f"http://{HOST}:{self.port}"

    @property
    def media_base(self) -> str:
        """Origin of the media host, which never gets the key."""
        return f"http://{HOST}:{self.media_port}"

    @property
    def creates(self) -> list[Create]:
        """Every accepted create, oldest first, with those from before a restart."""
        return [
            Create(id=task.id, request_id=task.request_id, body=task.body, at_s=task.created_at_s)
            for task in self._ledger
        ]

    @property
    def requests(self) -> list[SeenRequest]:
        """Every request to the API since the start, in order of arrival."""
        return self._api.requests

    @property
    def leaks(self) -> list[str]:
        """Paths on the media host that were asked for with an `Authorization` header. Must stay empty."""
        return self._media.leaks

    @property
    def downloads(self) -> list[str]:
        """Paths on the media host that were asked for, in order."""
        return self._media.downloads

    def task(self, task_id: str) -> Task:
        """The task of that id."""
        task = self._ledger.get(task_id)
        if task is None:
            raise KeyError(task_id)
        return task

    def finish(self, task_id: str) -> None:
        """Complete a task now."""
        self._ledger.finish(task_id)

    def fail(self, task_id: str, error: str | dict[str, Any] = "The track could not be rendered") -> None:
        """Let a task end now as failed, with that error as a string or an object."""
        self._ledger.finish(task_id, error=error)

    def hold(self, task_id: str) -> None:
        """Keep a task unfinished until `finish` or `fail`."""
        self._ledger.hold(task_id)

    async def wait_until(self, holds: Callable[[], bool], *, timeout_s: float = 10.0) -> None:
        """Wait until something is true that requests change, such as the number of creates."""
        async with asyncio.timeout(timeout_s), self._api.news:
            await self._api.news.wait_for(holds)

    async def _serve(self, app: web.Application, port: int) -> int:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOPPING_S)
        await runner.setup()
        self._runners.append(runner)
        await web.TCPSite(runner, HOST, port).start()
        bound: int = runner.addresses[0][1]
        return bound


async def serve_until_stopped(standin: StandIn) -> None:
    """Run until SIGTERM or Ctrl-C; the addresses go out as one line of JSON."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with standin:
        addresses = {"api_base": standin.api_base, "media_base": standin.media_base, "key": standin.key}
        click.echo(json.dumps(addresses))
        await stop.wait()


def _fault_option(kind: str, known: Known) -> Callable[[Callable[..., None]], Callable[..., None]]:
    def checked(_context: click.Context, _option: click.Parameter, specs: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(check_spec(known, spec) for spec in specs)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return click.option(
        f"--{kind}-fault",
        f"{kind}_faults",
        multiple=True,
        callback=checked,
        metavar="NAME[:COUNT|:SECONDSs]",
        help=f"What goes wrong, always or at first; may be repeated. One of {', '.join(sorted(known))}.",
    )


@click.command()
@click.option("--port", type=int, default=0, help="Port of the API; 0 takes a free one.")
@click.option("--media-port", type=int, default=0, help="Port of the media host; 0 takes a free one.")
@click.option("--state", "state_path", type=click.Path(dir_okay=False, path_type=Path), help="File that keeps tasks.")
@click.option("--key", "keys", multiple=True, default=(DEMO_KEY,), help="API key to accept; may be repeated.")
@click.option("--revoked-keys", type=click.IntRange(0), default=0, help="Revoked keys in the list of keys.")
@click.option("--song-s", type=float, default=15.0, help="Seconds that a song takes.")
@click.option("--lyrics-s", type=float, default=6.0, help="Seconds that lyrics take.")
@click.option("--speed", type=float, default=1.0, help="Factor by which task time runs faster.")
@click.option("--takes", type=click.IntRange(1, MAX_TAKES), default=MAX_TAKES, help="Takes of each song.")
@click.option("--long-songs/--short-songs", default=True, help="Songs of minutes, or of some seconds.")
@click.option("--late-every", type=click.IntRange(0), default=5, help="Audio of each such song comes a look later.")
@click.option("--audio", type=click.Choice(sorted(CONTENT_TYPES)), default="mp3", help="Kind of the songs' files.")
@click.option("--links-live-s", type=click.FloatRange(0), help="Sign addresses; they expire after this many seconds.")
@click.option("--lyrics-model/--no-lyrics-model", default=True, help="Whether a model writes lyrics.")
@click.option("--lenient", is_flag=True, help="Accept music without mv, and parameters that a model does not publish.")
@click.option("--progress", is_flag=True, help="Show progress while processing.")
@click.option("--sings-prompt", is_flag=True, help="Sing the prompt of a song with title and tags word for word.")
@click.option("--retired", multiple=True, help="A version to refuse; may be repeated.")
@click.option(
    "--retired-names-mv/--retired-in-words",
    default=True,
    help="Whether such a refusal names the field, or only says so.",
)
@_fault_option("create", CREATE_FAULTS)
@_fault_option("status", STATUS_FAULTS)
@_fault_option("media", MEDIA_FAULTS)
@_fault_option("cover", MEDIA_FAULTS)
@click.option("--magic-words", is_flag=True, help="Let words such as 'fail' in a prompt play tricks.")
def main(**options: Any) -> None:  # noqa: ANN401 - click hands over what the options above declare
    """Run the stand-in until SIGTERM or Ctrl-C."""
    asyncio.run(serve_until_stopped(StandIn(**options)))


if __name__ == "__main__":
    main()
