"""The demo: the real bot on a simulated Discord in the browser, with the stand-in as TokenLab. Needs no account."""

import asyncio
import os
import signal
import sys
import tempfile
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import click
from pydantic import SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from simcord.backend.errors import SetupError
from typing_extensions import override

from bot.app import App, build
from bot.domain.tasks import State
from bot.logs import set_up_logs
from bot.settings import Settings
from bot.store.lock import AlreadyRunningError, only_one
from bot.store.migrate import NewerDatabaseError
from sandbox.demo_studio import Studio, StudioClock, open_studio
from sandbox.page import LivePage
from sandbox.tokenlab import StandIn

EXIT_USAGE = 2
SONG_S = 15.0
LYRICS_S = 6.0
POLL_INTERVAL_S = 1.0
SONGS_BEFORE_RESTART = 500
"""The simulated Discord keeps every attachment in memory: after so many songs the page asks for a restart."""
KEEP_SMALL_EVERY_S = 10.0


class DemoSettings(Settings):
    """Settings that come from the demo alone: neither from the environment nor from any file."""

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """See `BaseSettings`."""
        return (init_settings,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says."""

    data: Path | None
    port: int
    speed: float
    browser: bool


@click.command()
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder that keeps songs and settings; a temporary one if left out.",
)
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="Port of the page; any free one if left out.")
@click.option("--speed", type=click.FloatRange(0.1, 100), default=1.0, help="Makes songs come faster: 3 is thrice.")
@click.option("--browser/--no-browser", default=True, help="Whether to open the page, where there is a browser.")
def command(**options: Any) -> None:  # noqa: ANN401 -- click hands over what the options above declare
    """Try Encore in the browser: a page like Discord, the real bot, and a TokenLab that costs nothing."""
    asyncio.run(run(Options(**options)))


def main(argv: list[str]) -> None:
    """Run the demo until Ctrl-C or SIGTERM; whatever stands in the way is told in one line."""
    try:
        command.main(args=argv, prog_name="python -m bot demo", standalone_mode=False)
    except click.ClickException as error:
        _end(error.format_message(), EXIT_USAGE)
    except (SetupError, AlreadyRunningError, NewerDatabaseError) as error:
        _end(str(error), 1)
    except OSError as error:
        _end(f"{error.filename or 'demo'}: {error.strerror or error}", 1)


def _end(line: str, code: int) -> NoReturn:
    click.echo(f"demo: {' '.join(line.split())}", err=True)
    sys.exit(code)


async def run(options: Options) -> None:
    """Build the world, show its page, and take it down again."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    set_up_logs("ERROR", "text")
    with _folder(options.data) as folder:
        async with AsyncExitStack() as stack:
            clock = StudioClock()
            settings = await _settings(stack, options, folder, clock)
            await stack.enter_async_context(only_one(settings.database_url.get_secret_value()))
            app = await stack.enter_async_context(build(settings, clock=clock))
            await app.catalogue.refresh()
            studio = await stack.enter_async_context(open_studio(app.bot, clock))
            await app.commands.sync()
            await app.engine.recover()
            await studio.say_what_to_try(song_s=SONG_S / options.speed)
            await _show(app, studio, options, stop)
    click.echo("demo: stopped")


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    """Where songs and database live: the folder that was asked for, or one that goes at the end."""
    if data is not None:
        data.mkdir(parents=True, exist_ok=True)
        yield data
    else:
        with tempfile.TemporaryDirectory(prefix="encore-demo-") as name:
            yield Path(name)


async def _settings(stack: AsyncExitStack, options: Options, folder: Path, clock: StudioClock) -> Settings:
    """Start the stand-in, and point everything at it."""
    standin = await stack.enter_async_context(
        StandIn(
            state_path=folder / "tokenlab.jsonl",
            clock=lambda: clock().timestamp(),
            speed=options.speed,
            song_s=SONG_S,
            lyrics_s=LYRICS_S,
            long_songs=False,  # the simulated Discord keeps them in memory
            late_every=0,
            magic_words=True,
        )
    )
    return DemoSettings(
        discord_token=SecretStr("demo"),
        tokenlab_api_key=SecretStr(standin.key),
        tokenlab_api_base=standin.api_base,
        tokenlab_management_token=SecretStr(standin.management_token),
        database_url=SecretStr(f"sqlite+aiosqlite:///{(folder / 'encore.db').resolve()}"),
        media_dir=(folder / "media").resolve(),
        media_allow_private=True,
        poll_interval_s=max(0.1, POLL_INTERVAL_S / max(1.0, options.speed)),
        expected_song_s=SONG_S / options.speed,
        expected_lyrics_s=LYRICS_S / options.speed,
        shard_count=1,
        first_monthly_usd=None,  # what is spent here is play money
        new_server_daily_per_member=None,
        new_server_daily_per_server=None,
    )


async def _show(app: App, studio: Studio, options: Options, stop: asyncio.Event) -> None:
    """Open the page and let bot, page and clock run until somebody ends it."""
    preview = studio.env.preview(
        studio.channel, viewers=studio.people, layout="channel", assets=studio.avatars(), port=options.port
    )
    async with preview, asyncio.TaskGroup() as group:
        live = LivePage(studio.env, preview)
        group.create_task(app.engine.run(stop), name="engine")
        group.create_task(app.catalogue.run(stop), name="catalogue")
        group.create_task(live.keep_fresh(stop), name="page")
        group.create_task(_keep_small(app, studio, live, stop), name="growth")
        closed = group.create_task(preview.wait_closed(), name="closed")
        closed.add_done_callback(lambda _: stop.set())
        click.echo(f"Encore's demo is at {preview.url}\nCtrl-C stops it.")
        if options.browser:
            _open_browser(preview.url)
        await stop.wait()
        app.service.close()
        closed.cancel()


async def _keep_small(app: App, studio: Studio, live: LivePage, stop: asyncio.Event) -> None:
    """Keep the channel short, and ask for a restart whenever a lot of songs have piled up in memory."""
    before, asked = await _songs_made(app), 0
    while not stop.is_set():
        made = await _songs_made(app) - before
        async with live.lock:
            studio.tidy()
            if made // SONGS_BEFORE_RESTART > asked:
                asked = made // SONGS_BEFORE_RESTART
                await studio.say(
                    f"{made} songs were made here, all kept in memory. Please stop this demo and start anew."
                )
        with suppress(TimeoutError):
            async with asyncio.timeout(KEEP_SMALL_EVERY_S):
                await stop.wait()


async def _songs_made(app: App) -> int:
    return (await app.stores.tasks.counts()).get(State.COMPLETED, 0)


def _open_browser(url: str) -> None:
    """Open the page where there is a screen; a browser within the terminal would only be in the way."""
    if sys.platform in {"darwin", "win32"} or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
