"""The card of every state and kind: what it says, which buttons it has, and that nothing makes Discord refuse it."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from discord.utils import escape_markdown
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.line import Place
from bot.domain.outage import Cause
from bot.domain.pacing import Forecast, Phase
from bot.domain.scene import Family, Scene
from bot.domain.takes import MediaFile, Track
from bot.domain.tasks import ErrorCode, Kind, MusicTask, Result, State
from bot.service import title_of
from bot.ui import escape
from bot.ui.buttons import view_of
from bot.ui.card import Card, Press, jump_url
from bot.ui.cards import PICTURE, plain, render
from bot.ui.escape import inline, packed, quote, quoted_lines, safe_text, whole_lines
from bot.ui.limits import EMBED_CHARS
from bot.ui.lists import row_line
from bot.ui.questions import draft_card
from bot.ui.words import words_for
from tests.fakes.engine_fakes import SONG
from tests.fakes.rows import START, make_task

ENGLISH = words_for("en-US")
REPEAT = ["Again", "Edit & again", "More"]
SUNG = ["Continue", *REPEAT]
URL = "https://media.example.net/a.mp3"
FILE = MediaFile(name="1-1.mp3", shown_as="Low Tide.mp3", size_bytes=9, duration_s=65.0)
CROWDED = Scene(place=Place(ahead=10**6, own_ahead=10**5, people_ahead=10**6))
LATER = START + timedelta(seconds=30)


def card_of(
    place: Place | None = None, *, forecast: Forecast | None = None, attaches_files: bool = True, **changes: Any
) -> Card:
    return render(make_task(**changes), Scene(place=place), forecast, attached=None if attaches_files else ())


def words_of(card: Card) -> str:
    return f"{card.embed.title}\n{card.embed.description}\n{card.embed.footer.text}"


def labels_of(card: Card) -> list[str]:
    return [button.label for button in card.buttons]


@pytest.mark.parametrize(
    ("changes", "words", "labels"),
    [
        ({"state": State.RECEIVED}, "**In line:** next", ["Cancel"]),
        ({"state": State.QUEUED}, "**In line:** next", ["Cancel"]),
        ({"refusals": 1, "not_before": LATER}, "TokenLab is busy; I ask again <t:1767225630:R>", ["Cancel"]),
        ({"state": State.SUBMITTING}, "Being sent to TokenLab", []),
        ({"state": State.RUNNING}, "Begun <t:1767225600:R>.", []),
        ({"state": State.RUNNING, "progress": 60}, "`████░░░░` 50 %", []),
        ({"state": State.COMPLETED, "result": SONG, "media": (FILE,)}, "**Finished.** 1:05 long.", SUNG),
        ({"state": State.COMPLETED, "result": SONG}, "**Finished.**", SUNG),
        ({"state": State.COMPLETED}, "**Finished.**", []),
        ({"state": State.FAILED, "error_code": ErrorCode.NO_CREDIT}, "top it up. Nothing was charged for it.", REPEAT),
        (
            {"state": State.FAILED, "error_code": ErrorCode.NO_CREDIT, "unclear_attempts": 1},
            "top it up. Whether the earlier try was charged is unclear.",
            REPEAT,
        ),
        ({"unclear_attempts": 1}, "Cancelling costs nothing more.", ["Cancel"]),
        ({"state": State.FAILED}, "**Failed.** It failed.", REPEAT),
        (
            {"state": State.FAILED, "error_code": ErrorCode.PROVIDER_FAILED, "error_detail": "*boo*"},
            "TokenLab says: \\*boo\\*",
            REPEAT,
        ),
        ({"state": State.UNCERTAIN}, "**Unclear.**", ["Try again", "Drop"]),
        ({"state": State.EXPIRED}, "**Overdue.**", []),
        ({"state": State.CANCELLED}, "Cancelled before it was sent", []),
        ({"state": State.CANCELLED, "attempt": 1, "refusals": 1}, "Cancelled before it was sent", []),
        ({"state": State.CANCELLED, "unclear_attempts": 1}, "Dropped. If TokenLab did take it", []),
    ],
)
def test_each_state_has_its_words_and_buttons(changes: dict[str, Any], words: str, labels: list[str]) -> None:
    card = card_of(**changes)

    assert words in words_of(card)
    assert labels_of(card) == labels


@pytest.mark.parametrize(
    ("state", "phase", "words"),
    [
        (State.RECEIVED, Phase.WAITING, "**In line:** next, finished roughly <t:1767225630:R>. Cancelling is free."),
        (State.QUEUED, Phase.WAITING, "**In line:** next, finished roughly <t:1767225630:R>. Cancelling is free."),
        (State.RUNNING, Phase.FIRST_HALF, "Begun <t:1767225600:R>, usually finished <t:1767225630:R>."),
        (State.RUNNING, Phase.SECOND_HALF, "Begun <t:1767225600:R>, nine of ten are finished <t:1767225630:R>."),
        (State.RUNNING, Phase.OVERTIME, "Begun <t:1767225600:R>, taking longer than usual."),
    ],
)
def test_a_forecast_is_told_as_surely_as_it_is_known(state: State, phase: Phase, words: str) -> None:
    finish_at = None if phase is Phase.OVERTIME else LATER

    assert words in words_of(card_of(state=state, forecast=Forecast(phase=phase, finish_at=finish_at)))


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("kind", Kind)
def test_every_state_of_every_kind_can_be_drawn_and_names_wish_and_number(state: State, kind: Kind) -> None:
    card = card_of(state=state, kind=kind, result=replace(SONG, lyrics="la la") if state is State.COMPLETED else None)

    assert "Slow harbour blues" in words_of(card)
    assert "#1" in words_of(card)
    assert f"<@{make_task().user_id}>" in words_of(card)
    assert_discord_takes(card)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (Place(ahead=0, people_ahead=0), "next"),
        (Place(ahead=0, own_ahead=2, people_ahead=0), "next"),
        (Place(ahead=0, own_ahead=3, people_ahead=0), "as soon as one of yours is through"),
        (Place(ahead=1, own_ahead=1, people_ahead=0), "number 2 of yours, nobody else before you"),
        (Place(ahead=2, people_ahead=1), "1 person before you"),
        (Place(ahead=12, own_ahead=2, people_ahead=5), "number 3 of yours, 5 people before you"),
    ],
)
def test_a_place_in_line_is_told_in_people(place: Place, words: str) -> None:
    assert f"**In line:** {words}. Cancelling is free." in words_of(card_of(place))


def test_a_line_that_is_held_says_so_and_promises_nothing() -> None:
    card = card_of(Place(ahead=3, people_ahead=1, is_held=True))

    assert "The moderators have paused it" in words_of(card)
    assert "before you" not in words_of(card)
    assert [button.press for button in card.buttons] == [Press.CANCEL]


def test_the_facts_of_a_wish_stand_on_its_card() -> None:
    card = card_of(tags="blues, *slow*", instrumental=True, continue_at_s=65.5)

    assert r"*blues, \*slow\* · instrumental · from 1:05.5*" in words_of(card)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"media": (FILE,)}, "too large to attach"),
        ({"media_wanted": True}, "still fetching the file"),
        ({}, "could not be fetched; the link is all there is"),
    ],
)
def test_a_song_without_its_file_is_linked_and_says_why(changes: dict[str, Any], words: str) -> None:
    card = card_of(state=State.COMPLETED, result=SONG, attaches_files=False, **changes)

    assert words in words_of(card)
    assert [(b.label, b.url) for b in card.buttons] == [*((label, None) for label in SUNG), ("Listen", URL)]


def test_a_song_that_was_made_to_fit_says_so_and_links_the_original() -> None:
    fitted = replace(FILE, name="1-1.ogg", encoded_kbps=96)

    card = card_of(state=State.COMPLETED, result=SONG, media=(fitted,))

    assert "too large to attach here, so the file is Opus at 96 kbit/s" in words_of(card)
    assert [(b.label, b.url) for b in card.buttons] == [*((label, None) for label in SUNG), ("Original", URL)]
    assert "MP3 at 96" in words_of(card_of(state=State.COMPLETED, result=SONG, media=(replace(FILE, encoded_kbps=96),)))


def test_a_song_that_was_made_to_fit_and_is_not_attached_is_just_linked() -> None:
    fitted = replace(FILE, encoded_kbps=96)

    card = card_of(state=State.COMPLETED, result=SONG, media=(fitted,), attaches_files=False)

    assert "kbit/s" not in words_of(card)
    assert labels_of(card) == [*SUNG, "Listen"]


@pytest.mark.parametrize("attaches_files", [True, False])
def test_a_song_that_ends_early_says_both_lengths(*, attaches_files: bool) -> None:
    short = replace(FILE, duration_s=61.9, whole_s=185.0)

    card = card_of(state=State.COMPLETED, result=SONG, media=(short,), attaches_files=attaches_files)

    assert "1:01 long" in words_of(card)
    assert "ends early: it should be 3:05 long" in words_of(card)
    assert labels_of(card_of(state=State.COMPLETED, result=SONG, media=(FILE,))) == [*SUNG]


def test_a_song_shows_its_picture_where_that_goes_along() -> None:
    task = make_task(state=State.COMPLETED, result=SONG, media=(FILE,))

    with_it, without = (render(task, Scene(), None, pictures=pictures) for pictures in ({PICTURE}, ()))

    assert (with_it.embed.image.url, without.embed.image.url) == ("attachment://waveform.png", None)
    assert with_it.fingerprint() != without.fingerprint()


def test_all_takes_and_the_video_are_linked() -> None:
    tracks = tuple(Track(audio_url=f"{URL}?{n}", video_url=f"{URL}?v{n}") for n in (1, 2))

    card = card_of(state=State.COMPLETED, result=Result(tracks=tracks), attaches_files=False)

    assert labels_of(card) == [*SUNG, "Listen: Take 1", "Listen: Take 2", "Video"]


@pytest.mark.parametrize(("length", "where"), [(512, "button"), (513, "text"), (1800, "text"), (1801, "nowhere")])
def test_an_address_that_is_too_long_for_a_button_stands_in_the_text_whole_or_not_at_all(
    length: int, where: str
) -> None:
    url = URL + "?" + "x" * (length - len(URL) - 1)

    card = card_of(state=State.COMPLETED, result=Result(tracks=(Track(audio_url=url),)), attaches_files=False,
                   prompt="*" * 5000, tags="_" * 1000)  # fmt: skip

    assert (url in [b.url for b in card.buttons]) is (where == "button")
    assert (f"[Listen]({url})" in words_of(card)) is (where == "text")
    assert_discord_takes(card)


@pytest.mark.parametrize(
    ("image_url", "shown"),
    [
        ("https://i.example.net/a.png", True),
        ("http://i.example.net/a.png", False),
        ("https://" + "x" * 2000, False),
        (None, False),
    ],
)
def test_a_cover_is_shown_where_discord_can_fetch_it(image_url: str | None, shown: bool) -> None:  # noqa: FBT001 -- a column of the table
    card = card_of(state=State.COMPLETED, result=Result(tracks=(Track(audio_url=URL, image_url=image_url),)))

    assert (card.embed.thumbnail.url == image_url and image_url is not None) is shown


# --- lyrics ----------------------------------------------------------------------------------------------------------


def test_short_lyrics_stand_on_the_card_whole_and_escaped() -> None:
    card = card_of(state=State.COMPLETED, kind=Kind.LYRICS, result=Result(lyrics="*Rain*\n# Chorus @everyone"))

    assert "> \\*Rain\\*\n> \\# Chorus @\u200beveryone" in words_of(card)
    assert card.lyrics_file is None


@pytest.mark.parametrize("lyrics", ["line\n" * 1000, "*" * 3000, "x" * 100_000, "\\" * 3501])
def test_long_lyrics_go_along_whole_as_a_file(lyrics: str) -> None:
    card = card_of(state=State.COMPLETED, kind=Kind.LYRICS, result=Result(lyrics=lyrics))

    assert card.lyrics_file == lyrics
    assert "The whole text is in the file" in words_of(card)
    assert_discord_takes(card)


@pytest.mark.parametrize(("length", "is_long"), [(2998, False), (2999, True)])
def test_lyrics_of_more_than_a_page_are_read_page_by_page(length: int, is_long: bool) -> None:  # noqa: FBT001 -- a column of the table
    text = "\n".join(["x" * 1000, "x" * 1000, "x" * (length - 2006)])

    card = card_of(state=State.COMPLETED, kind=Kind.LYRICS, result=Result(lyrics=text))

    assert ("Read" in labels_of(card)) is (card.lyrics_file is not None) is is_long


def test_lyrics_look_unlike_a_song() -> None:
    words = card_of(state=State.COMPLETED, kind=Kind.LYRICS, result=Result(lyrics="[Chorus]\nla la"))
    song = card_of(state=State.COMPLETED, result=replace(SONG, lyrics="[Chorus]\nla la"))

    assert words.embed.colour != song.embed.colour
    assert "**Chorus**\n> la la" in words_of(words)
    assert "la la" not in words_of(song)
    assert (words.buttons[0].press, song.buttons[0].press) == (Press.MAKE_SONG, Press.CONTINUE)


@pytest.mark.parametrize(("edited", "says_so"), [(None, False), ("la", True)])
def test_lyrics_that_were_changed_by_hand_say_so(edited: str | None, says_so: bool) -> None:  # noqa: FBT001 -- a column of the table
    result = Result(lyrics="la")

    card = card_of(state=State.COMPLETED, kind=Kind.LYRICS, result=result, edited_lyrics=edited)

    assert ("Changed by hand" in words_of(card)) is says_so


def test_the_longest_lyrics_card_leads_whole_to_its_songs() -> None:
    parent = make_task(
        state=State.COMPLETED, kind=Kind.LYRICS, prompt="*" * 900, is_found_late=True, edited_lyrics="x" * 1400,
        guild_id=10**19, channel_id=10**19,
    )  # fmt: skip
    text = "x" * 1400 + "\n" + "x" * 1400 + "\n" + "y" * 192
    songs = [make_task(n, title="*" * 100, message_id=10**19, channel_id=10**19, guild_id=10**19) for n in range(2, 6)]

    card = render(replace(parent, edited_lyrics=text), Scene(family=Family(children=tuple(songs))), None)

    assert card.lyrics_file is None
    assert (card.embed.description or "").endswith(f"]({jump_url(songs[-1])})")
    assert_discord_takes(card)


# --- the provider's words ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [*ErrorCode, None])
def test_the_providers_words_are_shown_only_where_they_help_a_member(code: ErrorCode | None) -> None:
    card = card_of(state=State.FAILED, error_code=code, error_detail="Lyrics too short")

    told = code in {
        ErrorCode.WISH_REFUSED,
        ErrorCode.CONTENT_REFUSED,
        ErrorCode.CLIP_REFUSED,
        ErrorCode.PROVIDER_FAILED,
    }
    assert ("TokenLab says: Lyrics too short" in words_of(card)) is told


@pytest.mark.parametrize(
    "detail",
    [
        "bad key sk-proj-abcdefghij0123456789abcdefghij0123456789",
        "see http://10.0.0.7/admin",
        "<html><body>502</body></html>",
        "502 <!DOCTYPE html>",
        "Traceback\n  File x",
        "Error: boom\n    at render (/srv/app.js:3:7)",
        " ",
    ],
)
def test_secrets_and_whole_pages_of_the_provider_stay_in_the_row(detail: str) -> None:
    card = card_of(state=State.FAILED, error_code=ErrorCode.PROVIDER_FAILED, error_detail=detail)

    assert "TokenLab says" not in words_of(card)


def test_words_of_the_provider_in_several_lines_are_shown_in_one() -> None:
    said = "The track failed:\n  no voice fits\r\n\n**this** style"
    card = card_of(state=State.FAILED, error_code=ErrorCode.PROVIDER_FAILED, error_detail=said)

    assert "TokenLab says: The track failed: no voice fits \\*\\*this\\*\\* style" in words_of(card)


@pytest.mark.parametrize(
    ("detail", "told"), [(None, None), ("SENSITIVE_WORD_ERROR", None), ("no artist names", "TokenLab says: no artist")]
)
def test_what_is_not_allowed_is_told_in_our_own_words(detail: str | None, told: str | None) -> None:
    words = words_of(card_of(state=State.FAILED, error_code=ErrorCode.CONTENT_REFUSED, error_detail=detail))

    for word in ("artists", "lyrics of known songs", "offensive words", "Nothing was charged"):
        assert word in words
    assert "SENSITIVE" not in words
    assert "TokenLab says" not in words if told is None else told in words


def test_a_song_that_is_said_to_be_finished_but_has_not_come_is_told_honestly() -> None:
    words = words_of(card_of(state=State.EXPIRED, error_code=ErrorCode.NO_RESULT))

    assert "has sent no result so far" in words
    assert "may have been charged" in words
    assert "Overdue" not in words


LONG_SHUT = replace(Scene(), shut_until=LATER + timedelta(seconds=60))


@pytest.mark.parametrize(
    ("changes", "scene", "when"),
    [
        ({}, LONG_SHUT, LATER + timedelta(seconds=60)),
        ({"refusals": 1, "not_before": LATER}, LONG_SHUT, LATER + timedelta(seconds=60)),
        ({"refusals": 1, "not_before": LATER + timedelta(hours=1)}, LONG_SHUT, LATER + timedelta(hours=1)),
        ({"state": State.RECEIVED}, LONG_SHUT, LATER + timedelta(seconds=60)),
    ],
)
def test_a_card_in_line_tells_when_a_provider_who_takes_nothing_is_asked_again(
    changes: dict[str, Any], scene: Scene, when: datetime
) -> None:
    card = render(make_task(**changes), scene, None)

    assert f"TokenLab is busy; I ask again <t:{int(when.timestamp())}:R>." in words_of(card)


def test_what_moderators_hold_is_told_before_a_busy_provider() -> None:
    held = replace(LONG_SHUT, place=Place(ahead=0, people_ahead=0, is_held=True))

    assert "moderators have paused" in words_of(render(make_task(), held, None))


# --- no link under other words --------------------------------------------------------------------------------------

EVIL = "[Claim](https://evil.example)"
MASKED_LINKS = [
    EVIL,
    f"[a](b) {EVIL}",
    f"https://good.example/{EVIL}",
    f"https://good.example/\\{EVIL}",
    f"<a:/{EVIL}>",
    f"steam://{EVIL}",
    f"\\{EVIL}",
    f"\\\\{EVIL}",
    f"[a](b) \\{EVIL}",
    f"[a](b) \\\\{EVIL}",
    f"[{EVIL}",
    f"!{EVIL}",
    "[Claim](<https://evil.example>)",
    "[Claim\nnow](b)[Claim](https://evil.example)",
]
LIVE_LINK = re.compile(r"(?<!\\)(?:\\\\)*\[[^\n]*?\]\(<?https://evil")
"""An opening bracket that no backslash takes the meaning from, and where it leads."""


def test_a_masked_link_is_recognised() -> None:
    assert LIVE_LINK.search(EVIL)
    assert LIVE_LINK.search(f"\\\\{EVIL}")
    assert not LIVE_LINK.search(f"\\{EVIL}")


@pytest.mark.parametrize("text", MASKED_LINKS)
def test_no_text_becomes_a_masked_link(text: str) -> None:
    parts: dict[str, Any] = {"prompt": text, "title": text, "tags": text}
    failed: dict[str, Any] = {
        "state": State.FAILED,
        "error_code": ErrorCode.PROVIDER_FAILED,
        "error_detail": text.replace("\n", " "),
    }
    lyrics: dict[str, Any] = {"state": State.COMPLETED, "kind": Kind.LYRICS, "result": Result(lyrics=text)}
    shown = [
        safe_text(text),
        quote(text, 300),
        inline(text, 300),
        words_of(card_of(**parts)),
        words_of(card_of(**parts, **failed)),
        words_of(card_of(**parts, **lyrics)),
        words_of(
            draft_card(draft_id=1, parent=make_task(title=text), prompt=text, at_s=None, price=None, words=ENGLISH)
        ),
        row_line(make_task(title=text), ENGLISH, now=START, with_member=True),
        row_line(make_task(title=text, message_id=None), ENGLISH, now=START, with_member=True),
    ]

    assert [one for one in shown if LIVE_LINK.search(one)] == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[Verse 1]", "\\[Verse 1]"),
        ("a_b [c_d](e)", "a\\_b \\[c\\_d](e)"),
        ("\\[x]", "\\\\\\[x]"),
        ("https://good.example/a_b", "https://good.example/a_b"),
        ("\\" * 100_000, "\\" * 200_000),
    ],
)
def test_a_text_is_shown_as_it_was_written(text: str, shown: str) -> None:
    assert safe_text(text) == shown


# --- nothing that members write breaks a card ------------------------------------------------------------------------

HOSTILE = st.one_of(
    st.text(max_size=300),
    st.text(alphabet="`*_~|>#-[]()@<>&!:/\\ \n\u200b1e", min_size=1, max_size=400),
    st.sampled_from(["@everyone", "<@&123456789012345678>", "```", "||", "> ", "\n"]).map(lambda part: part * 700),
)
PRESENT = HOSTILE.filter(lambda text: text.strip() != "")


@settings(max_examples=50)
@given(
    prompt=PRESENT, title=st.none() | PRESENT, tags=st.none() | HOSTILE, detail=HOSTILE, state=st.sampled_from(State)
)
def test_no_text_makes_discord_refuse_a_card(
    prompt: str, title: str | None, tags: str | None, detail: str, state: State
) -> None:
    task = make_task(
        state=state, prompt=prompt, title=title[:100] if title else None, tags=tags, error_detail=detail, progress=50,
        instrumental=True, continue_at_s=86399.9, model="m" * 120, version="v" * 40, not_before=LATER, refusals=1,
        result=Result(title=prompt[:300], lyrics=detail * 10, tracks=(Track(audio_url=URL + "x" * 600),) * 5),
    )  # fmt: skip
    for kind in Kind:
        for attached in (None, (), (2,)):
            card = render(replace(task, kind=kind), CROWDED, None, attached=attached)
            assert_discord_takes(card)
            assert "@everyone" not in words_of(card)
            assert "<@&123456789012345678>" not in words_of(card)


@given(text=HOSTILE, limit=st.integers(10, 300))
def test_a_quote_never_ends_before_its_text(text: str, limit: int) -> None:
    lines = quote(text, limit).split("\n")

    assert all(line.startswith("> ") for line in lines if line)
    assert sum(len(line) - 2 for line in lines if line) <= limit


@given(text=HOSTILE, limit=st.integers(10, 300))
def test_a_quote_says_when_it_is_not_all(text: str, limit: int) -> None:
    if len(safe_text(text)) <= limit:
        assert quote(text, limit) == quote(text, 10**6)
    else:
        assert quote(text, limit).endswith("…")


@pytest.mark.parametrize(
    "draw", [lambda said: quote(said, 300), lambda said: inline(said, 300), lambda said: card_of(prompt=said)]
)
def test_of_a_long_text_no_more_is_escaped_than_is_shown(
    draw: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    escaped: list[str] = []

    def counted(text: str) -> str:
        escaped.append(text)
        return escape_markdown(text)

    monkeypatch.setattr(escape, "escape_markdown", counted)
    draw("<" * 5000)

    assert 300 <= sum(map(len, escaped)) <= 500


@given(text=HOSTILE, limit=st.integers(100, 300))
def test_a_whole_text_in_quotes_leaves_nothing_out(text: str, limit: int) -> None:
    pieces = packed(quoted_lines(text, limit // 2 - 1), "\n", limit)

    assert all(len(piece) <= limit for piece in pieces)
    said = [line.removeprefix("> ") for piece in pieces for line in piece.split("\n")]
    added = str.maketrans("", "", "\\\u200b")
    assert "".join(said).translate(added) == "".join(text.splitlines()).translate(added)


@given(text=HOSTILE)
def test_a_text_inside_a_sentence_stays_on_one_line(text: str) -> None:
    assert "\n" not in inline(text, 80)
    assert len(inline(text, 80)) <= 80


@given(prompt=PRESENT, at_s=st.none() | st.floats(0, 86_400))
def test_no_text_makes_discord_refuse_a_draft(prompt: str, at_s: float | None) -> None:
    card = draft_card(
        draft_id=10**17, parent=make_task(prompt=prompt), prompt=prompt, at_s=at_s, price=None, words=ENGLISH
    )

    assert_discord_takes(card)
    assert labels_of(card) == ["Start", "Edit", "Cancel"]


def test_a_draft_says_what_was_left_out() -> None:
    card = draft_card(draft_id=1, parent=make_task(title="Low Tide"), prompt=None, at_s=None, price=None, words=ENGLISH)

    assert card.embed.description == "Continue **Low Tide**?\nFrom: the end\nWith the same words as before."


def test_a_draft_that_may_begin_in_several_places_asks_which_and_can_not_be_started_yet() -> None:
    parent = make_task(title="Low Tide")
    card = draft_card(
        draft_id=1,
        parent=parent,
        prompt="0:30 or 1.05",
        at_s=None,
        price=None,
        words=ENGLISH,
        choices=(30.0, 1.05, None),
    )

    assert_discord_takes(card)
    assert labels_of(card) == ["0:30", "0:01.05", "The end", "Edit", "Cancel"]
    assert [(b.press, b.subject, b.number) for b in card.buttons[:3]] == [
        (Press.DRAFT_FROM, 1, 30_000), (Press.DRAFT_FROM, 1, 1050), (Press.DRAFT_FROM, 1, None)
    ]  # fmt: skip
    assert "From where? Choose one" in (card.embed.description or "")


def test_a_draft_from_nobody_knows_where_asks_for_a_time() -> None:
    card = draft_card(
        draft_id=1, parent=make_task(), prompt="at 48:00:00", at_s=None, price=None, words=ENGLISH, choices=()
    )

    assert labels_of(card) == ["Edit", "Cancel"]
    assert "I don't understand from where" in (card.embed.description or "")


def assert_discord_takes(card: Card) -> None:
    embed = card.embed
    assert 1 <= len(embed.title or "") <= 256
    assert 1 <= len(embed.description or "") <= EMBED_CHARS
    assert len(embed) <= 6000
    assert len(card.buttons) <= 25
    for button in view_of(card.buttons).to_components():
        for child in button["components"]:
            assert 1 <= len(child["label"]) <= 80
            assert len(child.get("custom_id", "")) <= 100
            assert len(child.get("url") or "") <= 512
    ids = [(b.press, b.number) for b in card.buttons if b.press]
    assert len(ids) == len(set(ids))


# --- what stays the same ---------------------------------------------------------------------------------------------


def test_equal_rows_look_equal_and_other_rows_do_not() -> None:
    assert card_of().fingerprint() == card_of().fingerprint()
    assert card_of().fingerprint() != card_of(Place(ahead=1, people_ahead=1)).fingerprint()


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING])
def test_neither_a_forecast_that_drifts_nor_the_bar_is_worth_an_edit(state: State) -> None:
    now, later = (Forecast(phase=Phase.SECOND_HALF, finish_at=START + timedelta(seconds=s)) for s in (60, 3600))

    drawn = card_of(state=state, forecast=now)

    assert drawn.fingerprint() == card_of(state=state, forecast=later, progress=75).fingerprint()


def test_each_phase_of_a_running_task_is_worth_an_edit() -> None:
    at = {phase: None if phase is Phase.OVERTIME else LATER for phase in Phase}
    cards = [card_of(state=State.RUNNING, forecast=Forecast(phase=phase, finish_at=at[phase])) for phase in Phase]

    assert len({card.fingerprint() for card in cards}) == len(Phase)


def test_the_ids_of_buttons_never_change() -> None:
    """They stand in messages that are years old."""
    assert {press.name: press.value for press in Press} == {
        "CANCEL": "cancel",
        "RETRY": "retry",
        "RETRY_SURELY": "retry_surely",
        "DROP": "drop",
        "CONTINUE": "continue",
        "WHOLE_PROMPT": "prompt",
        "START_DRAFT": "start",
        "DROP_DRAFT": "forget",
        "START_ANOTHER": "another",
        "EDIT_DRAFT": "edit_draft",
        "DRAFT_FROM": "draft_from",
        "AGAIN": "again",
        "EDIT_AGAIN": "edit_again",
        "READ_LYRICS": "lyrics",
        "EDIT_LYRICS": "edit_lyrics",
        "EARLIER_LYRICS": "earlier",
        "TAKE_BACK": "take_back",
        "MAKE_SONG": "make_song",
        "MORE": "more",
        "DELETE": "delete",
        "DELETE_SURELY": "delete_surely",
        "OPEN_TO_OTHERS": "open",
        "CLOSE_TO_OTHERS": "close",
        "TELLING": "telling",
        "FAMILY": "family",
        "SONGS": "songs",
        "SONGS_STAGE": "songs_stage",
        "SONGS_KIND": "songs_kind",
        "FIND_SONGS": "find",
        "OPEN_SONG": "open_song",
        "PREFER_TELLING": "prefer_telling",
        "PREFER_MODEL": "prefer_model",
        "PREFER_VERSION": "prefer_version",
        "PREFER_OTHER_VERSION": "prefer_other_version",
        "PREFER_VOCALS": "prefer_vocals",
        "PREFER_STYLES": "prefer_styles",
        "PREFER_NOTHING": "prefer_nothing",
        "USAGE": "usage",
        "USAGE_PERIOD": "usage_period",
        "USAGE_CSV": "usage_csv",
        "PRIVACY_EXPORT": "privacy_export",
        "PRIVACY_ERASE": "privacy_erase",
        "PRIVACY_ERASE_SURELY": "privacy_erase_surely",
        "BOARD": "board",
        "BOARD_QUEUE": "board_queue",
        "BOARD_DOWN": "board_down",
        "RULES_TOPIC": "rules_topic",
        "RULES_PAGE": "rules_page",
        "RULES_FORM": "rules_form",
        "RULES_KEEP": "rules_keep",
        "RULES_FORGET": "rules_forget",
        "RULES_CHANNELS": "rules_channels",
        "RULES_ROLES": "rules_roles",
        "RULES_WARNING": "rules_warning",
        "RULES_MODEL": "rules_model",
        "RULES_VERSION": "rules_version",
        "RULES_OTHERS": "rules_others",
        "RULES_LOCALE": "rules_locale",
        "QUEUE": "queue",
        "QUEUE_LANE": "queue_lane",
        "QUEUE_KIND": "queue_kind",
        "QUEUE_MEMBER": "queue_member",
        "QUEUE_TASK": "queue_task",
        "AUDIT": "audit",
        "AUDIT_ACT": "audit_act",
        "MOD_CANCEL": "mod_cancel",
        "MOD_RETRY": "mod_retry",
        "MOD_DROP": "mod_drop",
        "MOD_REDELIVER": "mod_redeliver",
        "MOD_BLOCK": "mod_block",
        "MOD_UNBLOCK": "mod_unblock",
        "MOD_DOORS": "mod_doors",
        "MOD_LET_IN": "mod_let_in",
        "MOD_TASK": "mod_task",
        "MOD_PICK": "mod_pick",
        "MOD_INTAKE": "mod_intake",
    }


@pytest.mark.parametrize(("prompt", "has_button"), [("x" * 300, False), ("x" * 301, True), ("*" * 151, True)])
def test_a_prompt_that_is_not_shown_whole_has_a_button(prompt: str, has_button: bool) -> None:  # noqa: FBT001 -- a column of the table
    assert ("Whole prompt" in labels_of(card_of(prompt=prompt))) is has_button


def test_the_plainest_card_holds_our_own_words_only() -> None:
    card = plain(make_task(state=State.FAILED, prompt="***"))

    assert (card.embed.title, card.embed.description, card.buttons) == ("Song", "#1: failed", ())


# --- lists -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "linked"), [({}, True), ({"message_id": None}, False), ({"card_lost": "no_channel"}, False)]
)
def test_a_line_of_a_list_links_the_card_while_there_is_one(changes: dict[str, Any], linked: bool) -> None:  # noqa: FBT001 -- a column of the table
    line = row_line(make_task(**changes), ENGLISH, now=START, with_member=True)

    assert line.startswith("`#1` [Slow harbour blues](https://discord.com/channels/70/700/7001)") is linked
    assert line.endswith("Song · **in line** · <@7> · <t:1767225600:R>")


@pytest.mark.parametrize(("guild_id", "where"), [(70, "70"), (None, "@me")])
def test_a_link_to_a_card_knows_direct_messages(guild_id: int | None, where: str) -> None:
    assert jump_url(make_task(guild_id=guild_id)) == f"https://discord.com/channels/{where}/700/7001"


def test_a_name_with_brackets_can_not_lead_elsewhere() -> None:
    assert "](https://evil" not in row_line(
        make_task(title="a](https://evil.example)"), ENGLISH, now=START, with_member=False
    )


def test_a_list_is_cut_between_lines() -> None:
    assert whole_lines(["aaa", "bbb", "ccc"], 9) == "aaa\nbbb"
    assert whole_lines(["aaa", "bbb"], 4096) == "aaa\nbbb"


def test_a_song_is_called_by_its_title_its_results_or_its_first_words() -> None:
    def name(**changes: Any) -> str:
        task: MusicTask = make_task(**changes)
        return title_of(task)

    assert name(title="Own") == "Own"
    assert name(result=SONG) == "Low Tide"
    assert name(prompt="a  b\nc") == "a b c"
    assert name(prompt="word " * 30) == "word word word word word word word word…"


@pytest.mark.parametrize("cause", Cause)
def test_a_card_in_line_says_in_plain_words_what_everybody_waits_for(cause: Cause) -> None:
    scene = Scene(place=Place(ahead=0, own_ahead=0, people_ahead=0), stopped_by=cause, shut_until=LATER)
    card = render(make_task(refusals=1, not_before=LATER), scene, None)
    body = card.embed.description or ""

    who = "TokenLab is out of reach" if cause is Cause.REACH else "the operator of this bot"
    assert who in body
    assert "goes on by itself" in body
    assert "TokenLab is busy" not in body
    assert [button.label for button in card.buttons] == ["Cancel"]
