"""All words that people read, in one place."""

from collections.abc import Mapping
from datetime import timedelta

from bot.domain.refusals import Reason, Refused
from bot.domain.tasks import ErrorCode, Kind, State
from bot.domain.wishes import WishError, WishProblem

NOT_CHARGED = "Nothing was charged for it."

KIND: Mapping[Kind, str] = {Kind.SONG: "Song", Kind.LYRICS: "Lyrics", Kind.CONTINUATION: "Continuation"}

STATE: Mapping[State, str] = {
    State.RECEIVED: "just asked",
    State.QUEUED: "in line",
    State.SUBMITTING: "being sent",
    State.RUNNING: "being made",
    State.COMPLETED: "finished",
    State.FAILED: "failed",
    State.UNCERTAIN: "unclear",
    State.EXPIRED: "overdue",
    State.CANCELLED: "cancelled",
    State.ABANDONED: "never shown",
}

FREE_FAILURES = frozenset(
    {
        ErrorCode.WISH_REFUSED,
        ErrorCode.CLIP_REFUSED,
        ErrorCode.MODEL_UNAVAILABLE,
        ErrorCode.NO_ACCESS,
        ErrorCode.NO_CREDIT,
        ErrorCode.PROVIDER_BUSY,
        ErrorCode.PROVIDER_FAILED,
    }
)
"""Failures that cost nothing (TokenLab docs, Billing and pricing: failed tasks are not charged)."""

FAILURE: Mapping[ErrorCode, str] = {
    ErrorCode.WISH_REFUSED: "TokenLab did not take this wish. Word it differently and ask again.",
    ErrorCode.CLIP_REFUSED: "TokenLab can't continue this song: it no longer knows the clip.",
    ErrorCode.MODEL_UNAVAILABLE: "This model can't be used at the moment. Choose another one.",
    ErrorCode.NO_ACCESS: "TokenLab does not let me in. Whoever runs this bot has to look at it.",
    ErrorCode.NO_CREDIT: "This bot's credit is used up. Whoever runs it has to top it up.",
    ErrorCode.PROVIDER_BUSY: "TokenLab was too busy or out of reach, and I gave up waiting.",
    ErrorCode.PROVIDER_FAILED: "TokenLab could not make it. You can ask again.",
    ErrorCode.NO_RESULT: "TokenLab says that it is finished, but sent nothing usable. It may have been charged.",
    ErrorCode.RESULT_GONE: "TokenLab no longer knows this task, so its result is lost. It may have been charged.",
    ErrorCode.NO_ANSWER: "A whole day has passed without a result. I stopped looking. It may have been charged.",
}

UNCERTAIN = (
    "I sent this to TokenLab, but the answer got lost: it may or may not have been taken, and charged.\n"
    "I will not send it again by myself. **Try again** may cost a second time; **Drop** lets it go."
)
EXPIRED = "This takes much longer than usual. I keep looking for a day and show the result if it comes."
SUBMITTING = "Being sent to TokenLab. It can't be cancelled any more."
RUNNING = "Being made. It can't be cancelled any more."
CANCELLED = "Cancelled before it was sent. It cost nothing."
DROPPED = "Dropped. If TokenLab did take it, it may have been charged."
EARLIER_TRY = "Whether the earlier try was charged is unclear."
CANCEL_FREE = "Cancelling is free."
CANCEL_UNCLEAR = "Cancelling costs nothing more."
LINK_ONLY = (
    "The file is too large to attach here, or may not be attached: listen by the link. "
    "It lives as long as TokenLab keeps it."
)
LYRICS_FILE = "The whole text is in the file."
LYRICS_KEPT = "The whole text does not fit here, and I may not attach it: /songs has it for whoever asked."
LINK_GONE = "The file could not be fetched; the link is all there is."
KEPT = "I could not show this where you asked, so here it is."
LATE_ANSWER = "the answer to an earlier try came late, but it came."

RETRY_QUESTION = "The first try may have been accepted, so trying again **may cost a second time**. Send it again?"
RETRIED = "Back in line; the card shows how it goes."
CANCEL_DONE = "Cancelled. It cost nothing."
CANCEL_DONE_UNCLEAR = "Cancelled. Whether the earlier try was charged is unclear."
DROP_DONE = "Dropped."
DRAFT_DROPPED = "Nothing was started."
FILES_KEPT = "These could not be shown where you asked for them."
NO_SONGS = "You have not asked for anything yet. Try `/song`."
EMPTY_QUEUE = "Nothing is under way in this server."
REPLY_UNREADABLE = "Discord shows me the words of a reply only if you mention me in it. Use the button instead."
REPLY_SECRET = "That text seems to hold a key or a private address, so I did not pass it on."  # noqa: S105 -- a sentence
UNEXPECTED = (
    "Something went wrong on my side. I can't tell whether your wish was taken: "
    "look at the card or at `/songs` before you ask again."
)
MODERATOR_ONLY = "Only moderators can do that here."

PROBLEM: Mapping[WishProblem, str] = {
    WishProblem.EMPTY_PROMPT: "Tell me what it should be about: the prompt is empty.",
    WishProblem.PROMPT_TOO_LONG: "The prompt is too long: at most {limit} characters.",
    WishProblem.TAGS_TOO_LONG: "The tags are too long: at most {limit} characters.",
    WishProblem.TITLE_TOO_LONG: "The title is too long: at most {limit} characters.",
    WishProblem.SECRET: (
        "This looks as if it held a key, token or password. I did not pass it on; take it out and ask again. "
        "If it is real, change it: it was typed into Discord."
    ),
    WishProblem.PRIVATE_URL: "This holds a private or signed address. I did not pass it on; take it out and ask again.",
    WishProblem.BAD_TIME: "I don't understand that time. Write it like `65`, `1:05` or `1m5s`.",
}

REFUSAL: Mapping[Reason, str] = {
    Reason.CLOSING: "I am just restarting. Please ask again in a minute.",
    Reason.LINE_FULL: "You have enough waiting in line. Let some finish, or cancel one.",
    Reason.MISSING_PERMISSION: "I can't work in this channel: a moderator has to allow me to {detail} here.",
    Reason.UNKNOWN_MODEL: "I don't know this model for that. Pick one from the list that appears while you type.",
    Reason.NO_LYRICS_MODEL: "No model writes lyrics at the moment. `/song` still works.",
    Reason.LYRICS_UNKNOWN: "I can't tell yet which model writes lyrics. Try again in a minute.",
    Reason.NOT_FOUND: "I can't find that song. Pick one from the list that appears while you type.",
    Reason.NOT_YOURS: "That is somebody else's.",
    Reason.NOT_FINISHED: "This one is not finished, so there is nothing to continue yet.",
    Reason.NO_CLIP: "There is no music in this one to continue.",
    Reason.TOO_LATE: "Too late: it has moved on. The card shows where it is now.",
    Reason.DRAFT_GONE: "This was started, dropped, or is older than an hour.",
    Reason.NEEDS_START: "Tell me from where, for example `from 1:05`.",
}


def refusal(error: Refused | WishError) -> str:
    """The sentence for a refusal."""
    if isinstance(error, WishError):
        return PROBLEM[error.problem].format(limit=error.limit)
    return REFUSAL[error.reason].format(detail=error.detail)


def clock_time(seconds: float) -> str:
    """A position in a song: 65 is `1:05`."""
    whole = int(seconds)
    tenths = f".{int(seconds * 10) % 10}" if seconds % 1 else ""
    return f"{whole // 60}:{whole % 60:02}{tenths}"


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd …."""
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def ago(age: timedelta) -> str:
    """How long since: `3 min ago`."""
    minutes = int(age.total_seconds() // 60)
    hours, days = minutes // 60, minutes // 1440
    if days > 1:
        return f"{days} days ago"
    return f"{hours} h ago" if hours else f"{minutes} min ago"
