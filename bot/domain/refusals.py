"""Why a request of a person is refused before anything is spent: a closed list. `bot/ui/texts.py` has the words."""

from datetime import datetime
from enum import StrEnum


class Reason(StrEnum):
    """Who was refused what."""

    CLOSING = "closing"
    """The program is stopping."""
    BLOCKED = "blocked"
    """By the moderators of a server; `details` may tell until when."""
    BLOCKED_BY_OPERATOR = "blocked_by_operator"
    PAUSED = "paused"
    """The server takes no wishes now; `details` may hold what its moderators tell."""
    WRONG_CHANNEL = "wrong_channel"
    """`details` tell where wishes are taken."""
    WRONG_ROLE = "wrong_role"
    """`details` tell whose wishes are taken."""
    LINE_FULL = "line_full"
    SERVER_LINE_FULL = "server_line_full"
    DAY_USED = "day_used"
    """The member's; `details` tell when the next day begins."""
    SERVER_DAY_USED = "server_day_used"
    UNPRICED = "unpriced"
    """The server has a budget in money, and nobody knows what this would take of it."""
    BUDGET_USED = "budget_used"
    """`details` tell when the next month begins."""
    MISSING_PERMISSION = "missing_permission"
    """The bot may not do what it needs in this channel; `details` name the permissions."""
    UNKNOWN_MODEL = "unknown_model"
    NO_LYRICS_MODEL = "no_lyrics_model"
    LYRICS_UNKNOWN = "lyrics_unknown"
    """The catalogue could not be read yet."""
    NOT_FOUND = "not_found"
    NOT_KEPT = "not_kept"
    """Its server keeps nothing for so long."""
    EXPORTING = "exporting"
    """An export of the same member is being made."""
    NO_SONG_HERE = "no_song_here"
    """The message shows no song of ours."""
    NOT_YOURS = "not_yours"
    MODERATOR_ONLY = "moderator_only"
    NOT_FINISHED = "not_finished"
    NO_CLIP = "no_clip"
    """Lyrics, or a song that left nothing to continue."""
    TOO_LATE = "too_late"
    """Submitted already, or over: nothing to cancel, retry or drop."""
    DRAFT_GONE = "draft_gone"
    NOT_OPEN = "not_open"
    """Its owner does not let others continue it, or its server does not."""
    NOT_SETTLED = "not_settled"
    """Still under way, or unclear: nothing to delete yet."""
    NO_LYRICS = "no_lyrics"
    FORM_OUTDATED = "form_outdated"
    """What a form was opened on is no longer there."""
    TOO_LONG_TO_SING = "too_long_to_sing"
    """`details` tell how many characters too long."""
    NO_NEGATIVE_TAGS = "no_negative_tags"
    """This model can't be told which styles to keep out."""
    NEEDS_START = "needs_start"
    """`upload-extend` needs to know from where."""
    FORBIDDEN_WORD = "forbidden_word"
    """The server keeps it out; `details` name the `WishPart` that holds it, never the word."""
    FORBIDDEN_BY_OPERATOR = "forbidden_by_operator"
    """As above, everywhere."""
    OTHER_SERVER = "other_server"
    """What was pressed belongs to another server."""
    NOT_ADMIN = "not_admin"
    BAD_UNTIL = "bad_until"
    """Nobody can tell until when."""
    UNTIL_OVER = "until_over"
    NOT_YOURSELF = "not_yourself"
    NOBODY_HERE = "nobody_here"
    """Who shall be blocked is not in this server and has asked for nothing in it."""
    NOT_BLOCKED = "not_blocked"
    NOTHING_CHANGED = "nothing_changed"


class WishPart(StrEnum):
    """A text of a wish; where a word was found that is kept out."""

    PROMPT = "prompt"
    TITLE = "title"
    TAGS = "tags"
    NEGATIVE_TAGS = "negative_tags"
    LYRICS = "lyrics"
    """Changed by hand."""


class Refused(Exception):  # noqa: N818 -- a refusal is an answer, not a fault of the program
    """A clear no, with the facts that its words need."""

    def __init__(self, reason: Reason, *details: str | int | datetime) -> None:
        super().__init__(reason)
        self.reason = reason
        self.details = details
