"""The client of the TokenLab API: one method per route. Knows HTTP; knows neither Discord nor SQL.

The key goes to the API's own origin only, as a header of each request; redirects are never followed. Nothing is
retried here: who pays for a repeated request decides about it.
"""

import logging
from collections import OrderedDict

import aiohttp
from pydantic import SecretStr
from yarl import URL

from bot.clock import Clock, system_clock
from bot.tokenlab.answers import Answer
from bot.tokenlab.errors import OutcomeUnknownError
from bot.tokenlab.model_info import ModelInfo, parse_model_page, parse_models
from bot.tokenlab.models import Created, CreateRequest, Look, parse_created, parse_look
from bot.tokenlab.reading import word
from bot.tokenlab.sending import limits, read, send
from bot.tokenlab.urls import create_url, model_url, models_url, resolve_poll_url, task_url

log = logging.getLogger(__name__)

REMEMBERED_TASKS_MAX = 5000


class TokenLabClient:
    """Talks to one TokenLab origin with one key.

    Both sessions belong to the caller and are not closed here. `paying_session` is used for creates: hand in one whose
    connector has `force_close=True`, and a create never meets a connection that the server is just closing (which
    would leave its outcome unknown). Without one, creates use `session`.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        base_url: URL | str,
        api_key: SecretStr,
        create_timeout_s: float = 60,
        look_timeout_s: float = 20,
        paying_session: aiohttp.ClientSession | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self._session = session
        self._paying_session = paying_session or session
        self._base = URL(base_url).origin()
        self._api_key = api_key
        self._create_timeout = limits(create_timeout_s)
        self._look_timeout = limits(look_timeout_s)
        self._clock = clock
        self._misled: OrderedDict[str, None] = OrderedDict()
        """Tasks whose `poll_url` was of no use: looked at by the fixed route, told once."""

    async def create(self, request: CreateRequest) -> Created:
        """Order music or lyrics. Costs credit, so it is sent at most once here.

        Raises:
            RefusedError: Nothing was created and the same request won't be taken.
            TryLaterError: Nothing was created; the same request may be sent again later.
            OutcomeUnknownError: A task may exist.
        """
        url = create_url(self._base)
        answer = await send(self._paying_session, url, self._api_key, self._create_timeout, order=request.body())
        if not answer.is_success:
            raise answer.create_error(self._clock(), version=request.version if request.kind.makes_audio else None)
        header_task_id = answer.headers.get("x-task-id")
        created = parse_created(
            answer.body or {},
            header_task_id=header_task_id,
            request_id=answer.request_id,
            header_billing_id=answer.billing_id,
        )
        if created is None:
            raise OutcomeUnknownError(
                "TokenLab accepted a request without naming a task", request_id=answer.request_id, detail=answer.detail
            )
        return created

    async def look(self, provider_task_id: str, poll_url: str | None) -> Look:
        """Read a task's state: at `poll_url` if it is on the API's origin, else by the fixed route.

        A `poll_url` that leads nowhere costs a second request once; from then on the fixed route is used.

        Raises:
            TryLaterError: The look failed, which says nothing about the task.
            AccessRefusedError: The key was refused: hold the task, tell the operator.
            TaskGoneError: The provider says that it has no such task.
            TaskNotOwnedError: The task belongs to another organization.
        """
        fixed = task_url(self._base, provider_task_id)
        url = self._poll_target(provider_task_id, poll_url) or fixed
        answer = await self._read(url)
        if answer.is_dead_end and url != fixed:
            self._distrust(provider_task_id, "poll url leads nowhere")
            answer = await self._read(fixed)
        if not answer.is_success or answer.body is None or word(answer.body.get("status")) is None:
            raise answer.look_error(self._clock())
        return parse_look(
            answer.body,
            provider_task_id=provider_task_id,
            request_id=answer.request_id,
            header_billing_id=answer.billing_id,
        )

    async def models(self, category: str = "music") -> list[ModelInfo]:
        """The models of one category, in the provider's order.

        Raises:
            TryLaterError: No list could be read.
            AccessRefusedError: The key was refused.
        """
        answer = await self._read(models_url(self._base, category))
        if not answer.is_success or answer.body is None or not isinstance(answer.body.get("data"), list):
            raise answer.read_error(self._clock())
        return parse_models(answer.body)

    async def model(self, model_id: str) -> ModelInfo:
        """One model, from its own page.

        Raises:
            ModelUnavailableError: The provider doesn't know the model.
            TryLaterError: The page could not be read.
            AccessRefusedError: The key was refused.
        """
        answer = await self._read(model_url(self._base, model_id))
        info = parse_model_page(answer.body or {}) if answer.is_success else None
        if info is None:
            raise answer.model_error(self._clock())
        return info

    def _poll_target(self, provider_task_id: str, poll_url: str | None) -> URL | None:
        if not poll_url or provider_task_id in self._misled:
            return None
        url = resolve_poll_url(poll_url, self._base)
        if url is None:
            self._distrust(provider_task_id, "poll url refused")
        return url

    def _distrust(self, provider_task_id: str, phrase: str) -> None:
        log.warning(phrase, extra={"provider_task_id": provider_task_id})
        self._misled[provider_task_id] = None
        while len(self._misled) > REMEMBERED_TASKS_MAX:
            self._misled.popitem(last=False)

    async def _read(self, url: URL) -> Answer:
        """A request that may be repeated."""
        return await read(self._session, url, self._api_key, self._look_timeout)
