"""Usage as values, words and files: days, sums, sheets, account books, and who may see which."""

import csv
import gzip
import io
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.charges import COUNTED, Charge
from bot.domain.limits import Used
from bot.domain.privacy import NOBODY
from bot.domain.refusals import Reason, Refused
from bot.domain.rules import Rules
from bot.domain.tasks import Kind, State, TaskId
from bot.domain.usage import (
    DayRow,
    Entry,
    MemberRow,
    Period,
    Scope,
    Span,
    Spent,
    Unrecorded,
    Usage,
    span_of,
)
from bot.service import Report
from bot.store.usage import UsageStore
from bot.ui.export import COLUMNS, FORMULA, csv_of, fitted
from bot.ui.limits import EMBED_FIELD_CHARS, FILE_DESCRIPTION_CHARS
from bot.ui.prices import spent_words
from bot.ui.usage import chart_file, usage_embed, usage_view
from bot.ui.words import words_for
from tests.fakes.office import Office, asker
from tests.fakes.rows import make_task

ENGLISH = words_for("en-US")
NOW = datetime(2026, 3, 20, 23, 59, tzinfo=UTC)
ONE = Spent(tasks=1, recorded_usd=Decimal("0.135"))
GUESS = Spent(tasks=2, estimated_usd=Decimal("0.50"))


def day_row(day: int, spent: Spent, *, model: str = "suno-music", charge: Charge = Charge.SETTLED) -> DayRow:
    return DayRow(day=date(2026, 3, day), model=model, charge=charge, spent=spent)


def usage(*rows: DayRow, members: Any = ()) -> Usage:
    return Usage(span=span_of(Period.THIS_MONTH, NOW), rows=rows, members=members)


def report(*rows: DayRow, scope: Scope = Scope.OWN, members: Any = (), **changes: Any) -> Report:
    values = {"rules": Rules(), "used": Used(), **changes}
    return Report(scope=scope, period=Period.THIS_MONTH, usage=usage(*rows, members=members), **values)


# --- days and sums ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "now", "first", "last"),
    [
        (Period.THIS_MONTH, NOW, "2026-03-01", "2026-03-31"),
        (Period.THIS_MONTH, datetime(2026, 12, 31, 23, tzinfo=UTC), "2026-12-01", "2026-12-31"),
        (Period.LAST_MONTH, NOW, "2026-02-01", "2026-02-28"),
        (Period.LAST_MONTH, datetime(2026, 1, 1, tzinfo=UTC), "2025-12-01", "2025-12-31"),
        (Period.LAST_DAYS, NOW, "2026-02-19", "2026-03-20"),
    ],
)
def test_a_period_is_whole_days(period: Period, now: datetime, first: str, last: str) -> None:
    days = span_of(period, now).days
    assert (str(days[0]), str(days[-1])) == (first, last)


@given(st.integers(946_684_800, 4_102_444_800).map(lambda at: datetime.fromtimestamp(at, UTC)))
def test_this_month_holds_now_and_last_month_ends_where_it_begins(now: datetime) -> None:
    this, last, days = (span_of(period, now) for period in Period)
    assert this.since <= now < this.until
    assert last.until == this.since
    assert len(days.days) == 30
    assert days.days[-1] == now.date()


def test_sums_keep_apart_what_is_recorded_estimated_and_unknown() -> None:
    made = usage(
        day_row(1, ONE),
        day_row(1, GUESS, model="other"),
        day_row(2, GUESS, charge=Charge.UNCLEAR),
        day_row(2, Spent(tasks=1, unpriced=1), charge=Charge.RESERVED),
    )
    assert made.total == Spent(tasks=6, recorded_usd=Decimal("0.135"), estimated_usd=Decimal("1.00"), unpriced=1)
    assert made.of(Charge.UNCLEAR) == GUESS
    assert made.of(Charge.SETTLED).tasks == 3
    assert [name for name, _ in made.models] == ["suno-music", "other"]
    by_day = made.by_day()
    assert [len(by_day[charge]) for charge in COUNTED] == [31, 31, 31]
    assert by_day[Charge.SETTLED][0].tasks == 3
    assert by_day[Charge.SETTLED][1] == Spent()


@pytest.mark.parametrize(
    ("transaction", "request_id", "cost"),
    [("b1", "r1", "0.10"), (None, "r1", "0.20"), ("b9", "r1", "0.20"), ("b9", None, None), (None, None, None)],
)
def test_a_task_is_found_on_the_bill_by_its_transaction_else_by_its_request(
    transaction: str | None, request_id: str | None, cost: str | None
) -> None:
    task = Unrecorded(id=TaskId(1), sent_at=NOW, last=[name for name in (transaction, request_id) if name])
    bill = {"b1": Decimal("0.10"), "r1": Decimal("0.20")}
    assert task.cost_in(bill, is_whole=False) == (Decimal(cost) if cost else None)


@pytest.mark.parametrize(
    ("last", "earlier", "part", "whole"),
    [
        (["r2"], ["r1"], "0.35", "0.35"),
        (["r2"], ["r9"], None, "0.25"),
        (["r8"], ["r1"], None, None),
        ([], ["r1"], "0.10", "0.10"),
        ([], ["r1", "r9"], None, "0.10"),
        ([], ["r9"], None, None),
    ],
)
def test_all_attempts_of_a_task_that_are_on_the_bill_are_its_cost(
    last: list[str], earlier: list[str], part: str | None, whole: str | None
) -> None:
    task = Unrecorded(id=TaskId(1), sent_at=NOW, last=last, earlier=earlier)
    bill = {"r1": Decimal("0.10"), "r2": Decimal("0.25")}
    told = [task.cost_in(bill, is_whole=is_whole) for is_whole in (False, True)]
    assert told == [Decimal(cost) if cost else None for cost in (part, whole)]


# --- who may see it ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "scope", "tasks", "members"),
    [
        ({}, Scope.OWN, {1, 3, 5}, set()),
        ({"guild_id": None}, Scope.OWN, {1, 3, 5}, set()),
        ({"is_moderator": True}, Scope.OWN, {1, 3, 5}, set()),
        ({"is_moderator": True}, Scope.SERVER, {1, 2}, {7, 8}),
    ],
)
@pytest.mark.usefixtures("databases")
async def test_everybody_is_shown_their_own_and_moderators_their_server(
    who: dict[str, Any], scope: Scope, tasks: set[int], members: set[int]
) -> None:
    asked = [(7, 70), (8, 70), (7, 71), (8, 71), (7, None), (8, None)]
    office = Office(
        *(
            make_task(number, user_id=user_id, guild_id=guild_id, model=f"model-{number}")
            for number, (user_id, guild_id) in enumerate(asked, start=1)
        )
    )
    made = await office.service.accounting.report(asker(**who), scope, Period.THIS_MONTH)
    assert {row.model for row in made.usage.rows} == {f"model-{number}" for number in tasks}
    assert {member.user_id for member in made.usage.members} == members
    pages = [page async for page in office.service.accounting.entries(asker(**who), scope, Period.THIS_MONTH)]
    assert {entry.id for page in pages for entry in page} == tasks


@pytest.mark.parametrize("who", [{}, {"guild_id": None, "is_moderator": True}])
@pytest.mark.usefixtures("databases")
async def test_nobody_else_is_shown_a_server_nor_is_it_looked_up(
    monkeypatch: pytest.MonkeyPatch, who: dict[str, Any]
) -> None:
    def looked_up(*_: Any) -> None:
        raise AssertionError

    office = Office(make_task())
    monkeypatch.setattr(UsageStore, "usage", looked_up)
    monkeypatch.setattr(UsageStore, "entries", looked_up)
    with pytest.raises(Refused) as told:
        await office.service.accounting.report(asker(**who), Scope.SERVER, Period.THIS_MONTH)
    with pytest.raises(Refused) as handed_out:
        await anext(office.service.accounting.entries(asker(**who), Scope.SERVER, Period.THIS_MONTH))
    assert {told.value.reason, handed_out.value.reason} == {Reason.MODERATOR_ONLY}


# --- words ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spent", "words"),
    [
        (ONE, "**1** · $0.135"),
        (GUESS, "**2** · up to $0.50 by the price list"),
        (ONE + GUESS, "**3** · $0.135 + up to $0.50 by the price list"),
        (ONE + Spent(tasks=2, unpriced=2), "**3** · $0.135 + 2 of unknown price"),
        (Spent(tasks=1), "**1** · $0.00"),
        (Spent(), "**0** · $0.00"),
    ],
)
def test_an_estimate_is_called_one(spent: Spent, words: str) -> None:
    assert spent_words(spent, ENGLISH) == words


def fields_of(made: Report) -> dict[str, str]:
    embed = usage_embed(made, ENGLISH, has_picture=False)
    return {field.name or "": field.value or "" for field in embed.fields}


def test_a_list_that_is_longer_than_what_is_shown_says_so() -> None:
    few = [MemberRow(user_id=number, spent=ONE) for number in range(1, 11)]
    told = {}
    for members in (few, [*few, MemberRow(user_id=99, spent=ONE)]):
        made = report(day_row(1, ONE), scope=Scope.SERVER, members=members)
        told[len(members)] = fields_of(made)["By member, the most first"].splitlines()
    assert (len(told[10]), told[11]) == (10, [*told[10], "…"])


LIMITED = Rules(
    daily_per_member=5, monthly_songs=20, monthly_usd=Decimal(10), daily_per_server=30, waiting_per_server=50
)
USED = Used(day_member=3, day_server=7, waiting_member=1, waiting_server=2, month_songs=12, month_usd=Decimal("3.20"))


def test_a_server_sees_its_budget_beside_what_is_used() -> None:
    limits = fields_of(report(scope=Scope.SERVER, rules=LIMITED, used=USED))["May be used here"]
    assert limits.splitlines() == [
        "This month: **12** of 20",
        "This month: **$3.20** of $10.00",
        "Today: **7** of 30",
        "In line: **2** of 50",
    ]


def test_a_member_sees_only_their_own_limits() -> None:
    limits = fields_of(report(rules=LIMITED, used=USED))["May be used here"]
    assert limits.splitlines() == ["Your day: **3** of 5", "You in line: **1** of 10"]


def test_where_nothing_was_used_there_are_no_sums() -> None:
    assert set(fields_of(report())) == {"May be used here"}


def test_models_and_members_are_named_and_what_anybody_calls_a_model_is_escaped() -> None:
    members = [MemberRow(user_id=111, spent=ONE), MemberRow(user_id=222, spent=GUESS)]
    shown = fields_of(report(day_row(1, ONE, model="*bold* @everyone"), scope=Scope.SERVER, members=members))
    assert shown["By model"].startswith("\\*bold\\* @\u200beveryone · ")
    assert shown["By member, the most first"].splitlines()[0] == "<@111> · **1** · $0.135"


def test_who_is_erased_is_counted_and_not_mentioned() -> None:
    members = [MemberRow(user_id=NOBODY, spent=ONE)]
    shown = fields_of(report(day_row(1, ONE), scope=Scope.SERVER, members=members))
    assert shown["By member, the most first"].startswith("members who had themselves erased · **1**")


def test_the_sheet_of_a_large_server_fits() -> None:
    rows = [
        day_row(day, Spent(tasks=10**6, recorded_usd=Decimal("99999.999999"), estimated_usd=Decimal("99999.99"),
                           unpriced=10**5), model=f"{'*' * 100}{day}", charge=charge)
        for day in range(1, 32) for charge in COUNTED
    ]  # fmt: skip
    members = [MemberRow(user_id=10**18 + number, spent=rows[0].spent) for number in range(10)]
    made = report(*rows, scope=Scope.SERVER, members=members, rules=LIMITED, used=USED)
    embed = usage_embed(made, ENGLISH, has_picture=True)
    assert len(embed) <= 6000
    assert all(len(field.value or "") <= EMBED_FIELD_CHARS for field in embed.fields)
    description = chart_file(b"png", made.usage, ENGLISH).description
    assert description is not None
    assert len(description) <= FILE_DESCRIPTION_CHARS


def test_the_chart_is_told_day_by_day_to_those_who_do_not_see_it() -> None:
    made = usage(day_row(1, ONE), day_row(20, GUESS, charge=Charge.UNCLEAR))
    assert chart_file(b"png", made, ENGLISH).description == (
        "Usage by day, 2026-03-01 to 2026-03-31: spent 1, $0.135, under way 0, $0.00, unclear 2, ≤ $0.50. "
        "03-01: 1, $0.135; 03-20: 2, ≤ $0.50"
    )


@pytest.mark.parametrize(
    ("scope", "is_moderator", "offered"),
    [
        (Scope.OWN, False, ["encore:usage_csv:0:0"]),
        (Scope.OWN, True, ["encore:usage:1:0", "encore:usage_csv:0:0"]),
        (Scope.SERVER, True, ["encore:usage:0:0", "encore:usage_csv:1:0"]),
    ],
)
async def test_only_moderators_are_offered_the_server(scope: Scope, is_moderator: bool, offered: list[str]) -> None:  # noqa: FBT001 -- a column of the table
    view = usage_view(report(scope=scope), ENGLISH, is_moderator=is_moderator)
    ids = [getattr(child, "custom_id", "") for child in view.children]
    assert ids == [f"encore:menu:usage_period:{scope is Scope.SERVER:d}", *offered]


# --- files ------------------------------------------------------------------------------------------------------------

ENTRY = Entry(
    id=TaskId(7), created_at=NOW, user_id=111, kind=Kind.SONG, state=State.COMPLETED, charge=Charge.SETTLED,
    request_id="req_1", provider_task_id="ld_1", model="suno-music", endpoint="/v1/music/generations",
    billing_transaction_id=None, price_min_usd=Decimal("0.10"), price_max_usd=Decimal("0.25"), cost_usd=Decimal("1E-6"),
)  # fmt: skip


def rows_in(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_an_account_book_has_a_line_for_each_task() -> None:
    assert rows_in(csv_of([ENTRY])) == [
        {
            "id": "7", "created_at": "2026-03-20T23:59:00+00:00", "member_id": "111", "kind": "song",
            "state": "completed", "charge": "settled", "request_id": "req_1", "provider_task_id": "ld_1",
            "model": "suno-music", "endpoint": "/v1/music/generations", "billing_transaction_id": "",
            "price_min_usd": "0.10", "price_max_usd": "0.25", "cost_usd": "0.000001",
        }
    ]  # fmt: skip


def test_an_account_book_has_everything_that_an_entry_knows() -> None:
    assert sorted(COLUMNS) == sorted(Entry.__dataclass_fields__)


@given(st.text(), st.sampled_from(FORMULA))
def test_no_cell_is_a_formula_whatever_the_provider_calls_things(words: str, sign: str) -> None:
    content = csv_of([replace(ENTRY, model=f"{sign}{words}", request_id=words.replace("\ud800", ""))])
    (row,) = rows_in(content)
    assert not [cell for cell in row.values() if cell.startswith(FORMULA)]
    assert row["model"] == f"'{sign}{words}"


def test_a_file_that_is_too_large_is_packed_and_one_that_still_is_too_large_is_none() -> None:
    content = csv_of([ENTRY] * 100)
    assert fitted(content, "a.csv", limit_bytes=len(content)) == ("a.csv", content)
    packed = fitted(content, "a.csv", limit_bytes=len(content) - 1)
    assert packed is not None
    assert (packed[0], gzip.decompress(packed[1])) == ("a.csv.gz", content)
    assert fitted(content, "a.csv", limit_bytes=20) is None


def test_a_span_is_as_long_as_its_days() -> None:
    assert Span(since=NOW, until=NOW).days == []
