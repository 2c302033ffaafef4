"""The request budget of the API key: one token bucket for creates, looks and the rest. Pure bookkeeping, no waiting."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bot.tokenlab.errors import ThrottledError, TokenLabError, TryLaterError

WINDOW_S = 60.0
BURST_SHARE = 0.05
"""Part of the limit that may be spent at once; with the share that is refilled it leaves some room for jitter."""
SMALL_BURST = 3
"""Maximum number that a small limit may spend at once, up to a tenth of it: it has few refills to lose."""
LOOKS_SHARE = 0.25
"""Part of the rate that looks keep while they ask, however many creates there are."""
CREATE_RESERVE_SHARE = 0.2
"""Part of the burst that looks leave to creates."""
ASKING_S = 5.0
"""How long a request that was turned down counts as still wanted (longer where the rate is tiny)."""
RETRY_AFTER_DEFAULT_S = 10.0
SHUT_MAX_S = 90.0
"""Longest pause for all requests; the provider may ask one wish to wait longer, but not everybody because of it."""
PROBE_S = 30.0
"""How long the answer to a probe is waited for."""
CREATES_PROBE_AFTER_S = 60.0
"""A create is no probe unless nothing that is free has brought an answer for so long."""
TOLD_FROM_S = 15.0
"""Shorter pauses are not worth telling."""
LOWEST_RATE_SHARE = 1 / 16
RECOVERY_PER_SUCCESS = 1 / 90
"""Requests per second regained by each success: a halved rate is whole again after about a minute of use."""
_EPSILON = 1e-6
"""Part of a token that rounding may cost; above what a clock of days can't resolve."""


class Purpose(StrEnum):
    """What a request is for."""

    CREATE = "create"
    LOOK = "look"
    OTHER = "other"
    """The catalogue and the like: only what creates and looks leave."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """The bucket at one moment."""

    at: float
    tokens: float
    owed: float
    """Tokens that belong to looks."""
    looks_ask: bool
    creates_ask: bool


class Budget:
    """Who may send a request now, so that a key never has more than `requests_per_minute` in any 60 seconds.

    Sustained use is up to `share` of the limit, plus a small burst. Creates go first: looks leave them a reserve, and
    a create that was turned down is served before further looks; but looks keep a quarter of the rate while they ask.
    Not safe for threads.
    """

    def __init__(
        self, requests_per_minute: int, monotonic: Callable[[], float] = time.monotonic, share: float = 0.9
    ) -> None:
        if requests_per_minute < 1 or not 0 < share <= 1:
            raise ValueError("a budget needs at least 1 request per minute and a share above 0, at most 1")
        self._monotonic = monotonic
        small_burst = min(SMALL_BURST, requests_per_minute // 10)
        self._capacity = float(max(1, small_burst, math.floor(requests_per_minute * BURST_SHARE)))
        room = max(requests_per_minute - self._capacity, requests_per_minute / 2)
        self._full_rate = min(share * requests_per_minute, room) / WINDOW_S
        self._rate = self._full_rate
        self._reserve = math.floor(self._capacity * CREATE_RESERVE_SHARE)
        self._owed_max = 2 + self._capacity * LOOKS_SHARE
        self._blocked_until = -math.inf
        self._probe_until = -math.inf
        self._needs_probe = False
        """Whether the provider asked for a longer pause than there was: one request finds out whether it is over."""
        self._is_told = False
        self._looks_ask_until = -math.inf
        self._creates_ask_until = -math.inf
        now = monotonic()
        self._state = _Moment(at=now, tokens=self._capacity, owed=0.0, looks_ask=False, creates_ask=False)

    @property
    def rate_per_s(self) -> float:
        """Requests per second at present; less than the full rate for a while after a 429."""
        return self._rate

    @property
    def shut_for_s(self) -> float | None:
        """How long it is until something is sent again; None while it is open, or shut only for a moment."""
        left_s = self._blocked_until - self._monotonic()
        return max(0.0, left_s) if self._is_told and (left_s > 0 or self._needs_probe) else None

    @property
    def wants_probe(self) -> bool:
        """Whether a request that costs nothing should find out if requests are taken again."""
        return self._needs_probe and self._monotonic() >= max(self._blocked_until, self._probe_until)

    def take(self, purpose: Purpose) -> bool:
        """Whether one request may be sent now; if so, it is counted."""
        now = self._monotonic()
        moment = self._projected(now)
        if self._needs_probe:
            allowed = self._may_probe(purpose, moment)
            self._probe_until = now + PROBE_S if allowed else self._probe_until
        else:
            allowed = self._allows(purpose, moment)
        spent = 1.0 if allowed else 0.0
        repaid = spent if purpose is Purpose.LOOK else 0.0
        self._state = _with(moment, tokens=moment.tokens - spent, owed=max(0.0, moment.owed - repaid))
        self._note_asking(purpose, now, allowed=allowed)
        return allowed

    def give_back(self) -> None:
        """A request that was taken for is not sent after all."""
        now = self._monotonic()
        if now >= self._blocked_until:  # else it was emptied since, and stays so
            moment = self._projected(now)
            self._state = _with(moment, tokens=min(self._capacity, moment.tokens + 1.0), owed=moment.owed)
            self._probe_until = -math.inf

    def throttled(self, retry_after_s: float | None) -> None:
        """The provider refused a request (429): send nothing for a number of seconds, then at half the rate.

        Several refusals of the same moment halve the rate once. A pause that is longer than `SHUT_MAX_S` is cut there,
        and then one request goes ahead of the others.
        """
        now = self._monotonic()
        pause_s = retry_after_s if retry_after_s is not None and retry_after_s >= 0 else RETRY_AFTER_DEFAULT_S
        moment = self._projected(now)
        if now >= self._blocked_until:
            self._rate = max(self._full_rate * LOWEST_RATE_SHARE, self._rate / 2)
            self._needs_probe = self._is_told = False
        self._needs_probe |= pause_s > SHUT_MAX_S
        self._is_told |= pause_s >= TOLD_FROM_S
        self._probe_until = -math.inf
        self._blocked_until = max(self._blocked_until, now + min(pause_s, SHUT_MAX_S))
        self._state = _with(moment, tokens=0.0, owed=0.0)

    def heard(self, error: TokenLabError | None) -> None:
        """What came of a request for the catalogue, whose limits are its own; None means that the provider took it."""
        if isinstance(error, ThrottledError):
            if self._needs_probe:
                self.throttled(error.retry_after_s)
        elif not isinstance(error, TryLaterError):  # a definite no is an answer, too
            self.succeeded()

    def succeeded(self) -> None:
        """The provider took a request: the rate recovers a little after earlier refusals."""
        self._rate = min(self._full_rate, self._rate + RECOVERY_PER_SUCCESS)
        if self._monotonic() >= self._blocked_until:  # else it was sent before the refusal
            self._needs_probe = False

    def _note_asking(self, purpose: Purpose, now: float, *, allowed: bool) -> None:
        """Remember who was turned down. Looks come in batches: one that succeeds does not end their asking."""
        until = now + min(WINDOW_S, max(ASKING_S, 2 / self._rate))
        if purpose is Purpose.CREATE:
            self._creates_ask_until = -math.inf if allowed else until
        elif purpose is Purpose.LOOK and not allowed:
            self._looks_ask_until = until

    def _projected(self, at: float) -> _Moment:
        """The bucket at that moment, not before the last one known, if nobody asks until then."""
        last = self._state
        at = max(at, last.at)
        refilled_s = max(0.0, at - max(last.at, self._blocked_until))
        looks_ask = at < self._looks_ask_until
        owed = min(self._owed_max, last.owed + refilled_s * self._rate * LOOKS_SHARE) if looks_ask else 0.0
        tokens = min(self._capacity, last.tokens + refilled_s * self._rate)
        return _Moment(at, tokens, owed, looks_ask, at < self._creates_ask_until)

    def _may_probe(self, purpose: Purpose, moment: _Moment) -> bool:
        """One at a time, and first what costs nothing."""
        waits_until = self._blocked_until + (CREATES_PROBE_AFTER_S if purpose is Purpose.CREATE else 0.0)
        return moment.at >= max(waits_until, self._probe_until) and moment.tokens + _EPSILON >= 1

    def _allows(self, purpose: Purpose, moment: _Moment) -> bool:
        return moment.tokens + _EPSILON >= self._needed(purpose, moment)

    def _needed(self, purpose: Purpose, moment: _Moment) -> float:
        """How many tokens must be there: one's own and those that belong to others."""
        for_looks = math.floor(moment.owed + _EPSILON)
        for_creates = max(self._reserve, 1 if moment.creates_ask else 0)
        match purpose:
            case Purpose.CREATE:
                return 1 + for_looks
            case Purpose.LOOK:
                return 1 if for_looks else 1 + for_creates
            case Purpose.OTHER:
                return 1 + for_looks + for_creates


def _with(moment: _Moment, *, tokens: float, owed: float) -> _Moment:
    return _Moment(moment.at, tokens, owed, moment.looks_ask, moment.creates_ask)
