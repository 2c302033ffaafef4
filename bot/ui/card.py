"""What a message of ours is made of: an embed, buttons whose state is their id, and the files that go along."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict

import discord

from bot.domain.listing import ListedTask
from bot.domain.notices import OpenTask
from bot.domain.tasks import MusicTask

DRIFTING = re.compile(r"<t:-?\d+:R>|\n`█*░*` \d+ %")
"""Moments, which Discord counts down by itself, and the bar: both are redrawn whenever something else changes."""


class Press(StrEnum):
    """What a button or a menu does; part of its custom id, so it never changes."""

    CANCEL = "cancel"
    RETRY = "retry"
    RETRY_SURELY = "retry_surely"
    DROP = "drop"
    CONTINUE = "continue"
    WHOLE_PROMPT = "prompt"
    START_DRAFT = "start"
    """The message that asks becomes the card."""
    START_ANOTHER = "another"
    """The card is a new message."""
    EDIT_DRAFT = "edit_draft"
    DRAFT_FROM = "draft_from"
    """With a number: continue from so many milliseconds; without, from the end."""
    DROP_DRAFT = "forget"
    AGAIN = "again"
    EDIT_AGAIN = "edit_again"
    READ_LYRICS = "lyrics"
    """With a number: another page."""
    EDIT_LYRICS = "edit_lyrics"
    """With a number: this section of them."""
    EARLIER_LYRICS = "earlier"
    """With a number: another version, and its page."""
    TAKE_BACK = "take_back"
    """With a number: this version."""
    MAKE_SONG = "make_song"
    MORE = "more"
    DELETE = "delete"
    DELETE_SURELY = "delete_surely"
    OPEN_TO_OTHERS = "open"
    CLOSE_TO_OTHERS = "close"
    TELLING = "telling"
    """With a number: the choice's place in `Telling`."""
    FAMILY = "family"
    SONGS = "songs"
    """A page of a member's list, and what is narrowed there; see `bot/ui/pages.py`."""
    SONGS_STAGE = "songs_stage"
    SONGS_KIND = "songs_kind"
    FIND_SONGS = "find"
    OPEN_SONG = "open_song"
    PREFER_TELLING = "prefer_telling"
    PREFER_MODEL = "prefer_model"
    PREFER_VERSION = "prefer_version"
    PREFER_OTHER_VERSION = "prefer_other_version"
    """One that is typed."""
    PREFER_VOCALS = "prefer_vocals"
    PREFER_STYLES = "prefer_styles"
    PREFER_NOTHING = "prefer_nothing"
    """Back to what everybody begins with."""
    USAGE = "usage"
    """Subject and number are the places of `SCOPES` and `PERIODS`, as in those below; see `bot/ui/usage.py`."""
    USAGE_PERIOD = "usage_period"
    USAGE_CSV = "usage_csv"
    BOARD = "board"
    BOARD_QUEUE = "board_queue"
    BOARD_DOWN = "board_down"
    PRIVACY_EXPORT = "privacy_export"
    PRIVACY_ERASE = "privacy_erase"
    PRIVACY_ERASE_SURELY = "privacy_erase_surely"
    RULES_TOPIC = "rules_topic"
    RULES_PAGE = "rules_page"
    """With a number: the place of the topic in `Topic`."""
    RULES_FORM = "rules_form"
    """With a number: the place of the form in `RuleForm`."""
    RULES_KEEP = "rules_keep"
    """Its number is how many days things are kept, whatever that erases."""
    RULES_FORGET = "rules_forget"
    """With a number: drop what is no longer there from the page of that topic."""
    RULES_CHANNELS = "rules_channels"
    RULES_ROLES = "rules_roles"
    RULES_WARNING = "rules_warning"
    RULES_MODEL = "rules_model"
    RULES_VERSION = "rules_version"
    RULES_OTHERS = "rules_others"
    RULES_LOCALE = "rules_locale"
    QUEUE = "queue"
    """A page of a server's queue, and how it is narrowed; see `bot/ui/pages.py`."""
    QUEUE_LANE = "queue_lane"
    QUEUE_KIND = "queue_kind"
    QUEUE_MEMBER = "queue_member"
    QUEUE_TASK = "queue_task"
    AUDIT = "audit"
    """Of an act's place in `ACTS`; with a number: another page."""
    AUDIT_ACT = "audit_act"
    MOD_CANCEL = "mod_cancel"
    """As with the next three: asks; with a number, the attempt or revision that was asked about, it does so."""
    MOD_RETRY = "mod_retry"
    MOD_DROP = "mod_drop"
    MOD_REDELIVER = "mod_redeliver"
    MOD_BLOCK = "mod_block"
    MOD_UNBLOCK = "mod_unblock"
    """Asks; with a number it does so."""
    MOD_DOORS = "mod_doors"
    """With a number: another page."""
    MOD_LET_IN = "mod_let_in"
    """A menu of those who are blocked."""
    MOD_TASK = "mod_task"
    """Back to what can be done to a task."""
    MOD_PICK = "mod_pick"
    """A menu of members: the one picked is blocked."""
    MOD_INTAKE = "mod_intake"
    """Of the place in `Intake`."""


class Parts(TypedDict, total=False):
    """What a message of ours may hold beside its words."""

    embed: discord.Embed
    view: discord.ui.View
    files: Sequence[discord.File]


class Post(Parts, total=False):
    """What a message in a channel is sent with."""

    content: str
    nonce: str
    allowed_mentions: discord.AllowedMentions
    reference: discord.MessageReference
    mention_author: bool
    delete_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button of a card: either a press that the bot answers, or a link."""

    label: str
    press: Press | None = None
    subject: int = 0
    """The id of the music task, of the draft, or of the member."""
    number: int | None = None
    """What else a press needs to know: an attempt, a page."""
    style: discord.ButtonStyle = discord.ButtonStyle.secondary
    url: str | None = None
    is_disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Everything a message shows, but the bytes of its files."""

    embed: discord.Embed
    buttons: tuple[Button, ...] = ()
    lyrics_file: str | None = None
    """Text that goes beside the card as a `.txt`."""

    def fingerprint(self) -> str:
        """Equal for cards that look equal, or differ only in what is not worth an edit."""
        embed = self.embed.to_dict() | {"description": DRIFTING.sub("", self.embed.description or "")}
        drawn = [embed, [(b.label, b.press, b.url) for b in self.buttons], self.lyrics_file]
        return hashlib.sha256(json.dumps(drawn, sort_keys=True, default=str).encode()).hexdigest()


def jump_url(task: MusicTask | ListedTask | OpenTask) -> str | None:
    """A link to the card."""
    if task.message_id is None:
        return None
    return f"https://discord.com/channels/{task.guild_id or '@me'}/{task.channel_id}/{task.message_id}"
