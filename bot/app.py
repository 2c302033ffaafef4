"""Builds the parts, joins them, and lets them live and die together. The only module that knows everybody."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.clock import Clock, system_clock
from bot.domain.limits import has_budget
from bot.domain.outage import Cause, Receiver
from bot.domain.rules import EVERYWHERE, OVERALL, Rules
from bot.domain.versions import among
from bot.engine.bookkeeper import Bookkeeper
from bot.engine.budget import Budget, Purpose
from bot.engine.courier import Courier
from bot.engine.crier import Crier
from bot.engine.engine import Engine
from bot.engine.eraser import Eraser
from bot.engine.fetcher import Fetcher
from bot.engine.history import History
from bot.engine.janitor import Janitor
from bot.engine.leaver import Leaver
from bot.engine.outages import Outages
from bot.engine.poller import Poller
from bot.engine.submitter import SubmitRules, Submitter
from bot.engine.watch import Watch
from bot.explaining import naming_database, naming_port
from bot.health import serve_health
from bot.service import Defaults, Service
from bot.settings import Settings
from bot.store.database import Database
from bot.store.lock import only_one
from bot.store.migrate import migrate
from bot.store.servers import ServerStore
from bot.store.stores import Stores
from bot.store.usage import UsageStore
from bot.tokenlab.catalogue import Catalogue
from bot.tokenlab.client import TokenLabClient
from bot.tokenlab.records import RecordsClient
from bot.ui.client import MusicBot
from bot.ui.connecting import CommandSync, insist, listen, log_in
from bot.ui.goodbyes import Goodbyes
from bot.ui.leaving import Memberships
from bot.ui.media import MediaCollector, MediaFetcher, MediaStore, allowing, open_media_session
from bot.ui.messenger import Messenger
from bot.ui.notices import Noticeboard
from bot.ui.operators import OperatorDesk
from bot.ui.pings import ReadyPings
from bot.ui.places import Places
from bot.ui.reach import Reach
from bot.ui.searching import CardSearch

log = logging.getLogger(__name__)

GATEWAY_CLOSE_S = 1.0
MB = 1024 * 1024


class _ImpatientExecutor(ThreadPoolExecutor):
    """Threads that wait for a name server which does not answer must not hold up the end."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002, ARG002 -- as inherited
        super().shutdown(wait=False, cancel_futures=True)


class LockLostError(Exception):
    """Another process may have taken over: this one must not go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """Bot and engine, built and not yet running."""

    bot: MusicBot
    commands: CommandSync
    engine: Engine
    service: Service
    catalogue: Catalogue
    stores: Stores
    database: Database


def point_discord_at(settings: Settings) -> None:
    """Let discord.py talk to a proxy or a test server; its own addresses are class attributes."""
    Route.BASE = settings.discord_api_base
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # we never speak
    if settings.discord_gateway_url is not None:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.discord_gateway_url)


@asynccontextmanager
async def build(settings: Settings, *, clock: Clock = system_clock) -> AsyncIterator[App]:
    """Open database and sessions, and put the parts together; all is closed at the end."""
    async with AsyncExitStack() as stack:
        pooled = settings.database_direct_url is not None
        database = Database(settings.database_url.get_secret_value(), pooled=pooled)
        stack.push_async_callback(database.close)
        before, after = await migrate(database)
        if before != after:
            log.info("database migrated", extra={"from": before, "to": after})
        if database.is_open_to_others:
            log.warning("DATABASE_URL: other users of this machine may read the file: chmod 600 ends that")
        if not among(settings.tokenlab_version, settings.tokenlab_versions):
            log.warning("TOKENLAB_VERSION is none that is known", extra={"version": settings.tokenlab_version})
        new = Rules(
            daily_per_member=settings.new_server_daily_per_member, daily_per_server=settings.new_server_daily_per_server
        )
        stores = Stores.over(database, clock, sings_prompt=settings.sings_prompt, new_servers=new)
        await _open_purse(stores.servers, Rules(monthly_usd=settings.first_monthly_usd), new)
        tasks = stores.tasks
        session = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
        # a create must never meet a kept connection that the server is just closing: its fate would be unknown
        paying_session = await stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), connector=aiohttp.TCPConnector(force_close=True))
        )
        client = TokenLabClient(
            session,
            paying_session=paying_session,
            clock=clock,
            base_url=settings.tokenlab_api_base,
            api_key=settings.tokenlab_api_key,
            create_timeout_s=settings.tokenlab_create_timeout_s,
        )
        budget = Budget(settings.tokenlab_requests_per_minute)
        catalogue = Catalogue(
            client,
            lyrics_model=settings.tokenlab_lyrics_model,
            may_ask=lambda: budget.take(Purpose.OTHER),
            wants_probe=lambda: budget.wants_probe,
            heard=budget.heard,
        )
        allowed = frozenset(settings.allowed_servers)
        service = Service(
            stores, catalogue=catalogue, clock=clock, defaults=_defaults(settings), allowed_servers=allowed
        )
        history = History(
            tasks, clock, expected_song_s=settings.expected_song_s, expected_lyrics_s=settings.expected_lyrics_s
        )
        await history.learn()
        bot = MusicBot(
            service,
            clock=clock,
            forecast=history.forecast,
            stuck_after=history.stuck_after,
            media_dir=settings.media_dir,
            message_content=settings.message_content_intent,
            shard_ids=settings.shard_ids,
            # with a gateway of its own there is nobody to ask how many shards there should be
            shard_count=settings.shard_count or (1 if settings.discord_gateway_url else None),
        )
        folder = MediaStore(
            settings.media_dir,
            keep_days=settings.media_keep_days,
            total_bytes=settings.media_total_mb * MB,
            clock=clock,
            free_bytes=settings.media_max_mb * MB,
        )
        rule, allow_private = allowing(settings.media_allow_ranges), settings.media_allow_private
        media_session = await stack.enter_async_context(open_media_session(allow_private=allow_private, rule=rule))
        fetcher = MediaFetcher(
            media_session, allow_private=allow_private, rule=rule, max_bytes=settings.media_max_mb * MB
        )
        reach = Reach(bot, clock)
        messenger = Messenger(reach, media_dir=settings.media_dir, forecast=history.forecast)
        outages = Outages(
            stores.outages,
            client,
            catalogue,
            folder,
            budget,
            clock,
            model=settings.tokenlab_model,
            receivers=_receivers(settings),
        )
        submitter = Submitter(
            tasks,
            stores.versions,
            client,
            budget,
            clock,
            SubmitRules(
                deadline_s=settings.task_deadline_s,
                first_look_s=settings.poll_interval_s,
                version=settings.tokenlab_version,
                versions=settings.tokenlab_versions,
            ),
            outages,
        )
        engine = Engine(
            watch=Watch(outages, stores.outages, tasks, OperatorDesk(reach), clock),
            submitter=submitter,
            poller=Poller(tasks, stores.singing, client, budget, history, clock, interval_s=settings.poll_interval_s),
            fetcher=Fetcher(tasks, MediaCollector(fetcher, folder), clock),
            courier=Courier(tasks, stores.members, messenger, ReadyPings(reach), clock, budget, stores.outages),
            crier=Crier(stores.notices, tasks, stores.outages, Noticeboard(reach), clock, allowed),
            janitor=Janitor(
                tasks,
                stores.drafts,
                stores.erasures,
                submitter,
                CardSearch(reach),
                folder,
                clock,
                create_timeout_s=settings.tokenlab_create_timeout_s,
            ),
            bookkeeper=_bookkeeper(settings, session, stores.usage, budget, clock),
            eraser=Eraser(stores.erasures, tasks, Goodbyes(bot), folder, clock),
            leaver=Leaver(stores.servers, tasks, Memberships(bot), clock, allowed),
        )
        _join(engine, service, outages)
        service.use_places(Places(bot).above)
        yield App(
            bot=bot,
            commands=CommandSync(bot, stores.remembered),
            engine=engine,
            service=service,
            catalogue=catalogue,
            stores=stores,
            database=database,
        )


async def _open_purse(servers: ServerStore, budget: Rules, direct: Rules) -> None:
    """Give an empty database its first limits, and say at each start what holds over everything."""
    if await servers.begin(budget, direct):
        limits = (await servers.get(EVERYWHERE)).rules.encode()
        log.info("database is new: direct messages and new servers start with limits", extra=limits)
    overall = (await servers.get(OVERALL)).rules
    if has_budget(overall):
        log.info("a budget holds over everything", extra=overall.encode())
    else:
        log.warning("no budget holds over everything: `python -m bot rules set --everywhere monthly_usd=50` sets one")


def _bookkeeper(
    settings: Settings, session: aiohttp.ClientSession, usage: UsageStore, budget: Budget, clock: Clock
) -> Bookkeeper | None:
    """Only who has a management token may read what songs really cost."""
    if settings.tokenlab_management_token is None:
        return None
    records = RecordsClient(
        session,
        base_url=settings.tokenlab_api_base,
        token=settings.tokenlab_management_token,
        api_key=settings.tokenlab_api_key,
        clock=clock,
    )
    return Bookkeeper(usage, records, budget, clock)


def _receivers(settings: Settings) -> tuple[Receiver, ...]:
    """Where the operator hears of what stops everybody."""
    channels = [Receiver(id=one, is_channel=True) for one in (settings.operator_channel,) if one is not None]
    return (*channels, *(Receiver(id=one, is_channel=False) for one in settings.operator_ids))


def _defaults(settings: Settings) -> Defaults:
    return Defaults(
        model=settings.tokenlab_model,
        version=settings.tokenlab_version,
        versions=settings.tokenlab_versions,
        clip_id_order=settings.tokenlab_clip_id_order,
        upload_extend=settings.tokenlab_upload_extend,
        media_keep_days=settings.media_keep_days,
    )


def _join(engine: Engine, service: Service, outages: Outages) -> None:
    """What changes a row wakes the workers that wait for that."""
    service.signals.queued = engine.on_queued
    service.signals.changed = engine.on_changed
    service.signals.erasing = engine.eraser.wake
    service.signals.turned_away = engine.leaver.turn_away
    outages.on_change = engine.on_outage
    engine.poller.on_key_refused = lambda: outages.suspect(Cause.KEY)
    engine.submitter.on_done = engine.on_submitted
    engine.poller.on_done = engine.on_looked
    engine.fetcher.on_done = engine.courier.wake


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or Ctrl-C, then stop in order within 10 s.

    Raises:
        AlreadyRunningError: another process works on this database.
        StartError: what a setting names can't be used.
        discord.LoginFailure, discord.PrivilegedIntentsRequired: Discord does not let us in.
    """
    point_discord_at(settings)
    stop, is_up = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(_ImpatientExecutor())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    serving = asyncio.create_task(_serve(settings, stop, is_up), name="encore")
    stopping = asyncio.create_task(stop.wait(), name="stop signal")
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not is_up.is_set():  # nothing is under way yet, so there is nothing to end in order
        serving.cancel()
    await asyncio.wait({serving})
    if not serving.cancelled():
        serving.result()
    log.info("stopped")


async def _serve(settings: Settings, stop: asyncio.Event, is_up: asyncio.Event) -> None:
    lock_url = settings.database_direct_url or settings.database_url
    lock_setting = "DATABASE_DIRECT_URL" if settings.database_direct_url else "DATABASE_URL"
    async with AsyncExitStack() as stack:
        with naming_database(lock_setting):
            lost = await stack.enter_async_context(only_one(lock_url.get_secret_value()))
        with naming_database("DATABASE_URL"):
            app = await stack.enter_async_context(build(settings))
        health = serve_health(
            host=settings.http_host,
            port=settings.http_port,
            is_ready=app.bot.is_ready,
            counts=app.stores.tasks.counts,
            situation=app.stores.outages.situation,
        )
        with naming_port(settings.http_host, settings.http_port):
            await stack.enter_async_context(health)
        await app.engine.recover()
        is_up.set()
        await _run(app, settings.discord_token.get_secret_value(), stop, lost)


async def _run(app: App, token: str, stop: asyncio.Event, lost: asyncio.Event) -> None:
    """Gateway and engine side by side: when one ends, all end, and what was paid for is written down first."""
    connection = asyncio.create_task(_connect(app, token, stop), name="gateway")
    try:
        async with asyncio.TaskGroup() as group:
            engine = group.create_task(_work(app, stop), name="engine")
            catalogue = group.create_task(app.catalogue.run(stop), name="catalogue")
            guard = group.create_task(_guard(lost), name="lock guard")
            await stop.wait()
            log.info("stopping")
            app.service.close()
            await asyncio.wait({engine})
            guard.cancel()
            catalogue.cancel()
    finally:
        connection.cancel()
        await asyncio.wait({connection})
        await _leave(app.bot)
    if not connection.cancelled():
        connection.result()


async def _work(app: App, stop: asyncio.Event) -> None:
    """The engine, once Discord has told who we are: before that, no message of ours can be found or edited."""
    either = [asyncio.ensure_future(event.wait()) for event in (app.bot.logged_in, stop)]
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in either:
            one.cancel()
    await app.engine.run(stop)


async def _connect(app: App, token: str, stop: asyncio.Event) -> None:
    """Login, then commands and gateway side by side: what is owed to members needs neither."""
    try:
        await insist("login", lambda: log_in(app.bot, token))
        async with asyncio.TaskGroup() as group:
            syncing = group.create_task(insist("commands", app.commands.sync, on_refusal=True), name="commands")
            await insist("gateway", lambda: listen(app.bot, after=app.catalogue.asked))
            syncing.cancel()
    finally:
        stop.set()


async def _guard(lost: asyncio.Event) -> None:
    await lost.wait()
    raise LockLostError("the lock of the database is lost")


async def _leave(bot: MusicBot) -> None:
    """A gateway that does not answer the goodbye must not hold up the end."""
    try:
        async with asyncio.timeout(GATEWAY_CLOSE_S):
            await bot.leave()
    except TimeoutError:
        log.info("gateway did not say goodbye")
    except Exception:  # the end must be reached
        log.warning("gateway could not be closed", exc_info=True)
