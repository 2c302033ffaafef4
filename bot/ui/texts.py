"""The sentences that people read, in English; `bot/ui/words.py` says them in other languages."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from discord.utils import format_dt

from bot.domain.charges import MAY_BE_CHARGED, Charge
from bot.domain.listing import Stage
from bot.domain.members import Telling
from bot.domain.outage import Cause
from bot.domain.pacing import Phase
from bot.domain.refusals import Reason, Refused, WishPart
from bot.domain.rules import Intake
from bot.domain.ruling import RuleError, RuleProblem
from bot.domain.tasks import ErrorCode, Kind, State
from bot.domain.usage import Period, Scope
from bot.domain.wishes import WishError, WishProblem
from bot.ui.escape import inline
from bot.ui.words import N_, Words

NOTE_CHARS = 300
NOT_CHARGED = N_("Nothing was charged for it.")

KIND: Mapping[Kind, str] = {
    Kind.SONG: N_("Song"),
    Kind.LYRICS: N_("Lyrics"),
    Kind.CONTINUATION: N_("Continuation"),
}

STATE: Mapping[State, str] = {
    State.RECEIVED: N_("just asked"),
    State.QUEUED: N_("in line"),
    State.SUBMITTING: N_("being sent"),
    State.RUNNING: N_("being made"),
    State.COMPLETED: N_("finished"),
    State.FAILED: N_("failed"),
    State.UNCERTAIN: N_("unclear"),
    State.EXPIRED: N_("overdue"),
    State.CANCELLED: N_("cancelled"),
    State.ABANDONED: N_("never shown"),
}

STAGE: Mapping[Stage | None, str] = {
    None: N_("Any state"),
    Stage.UNDER_WAY: N_("Under way"),
    Stage.FINISHED: N_("Finished"),
    Stage.TROUBLED: N_("Failed or unclear"),
    Stage.CANCELLED: N_("Cancelled"),
}
KINDS: Mapping[Kind | None, str] = {
    None: N_("Any kind"),
    Kind.SONG: N_("Songs"),
    Kind.LYRICS: N_("Lyrics"),
    Kind.CONTINUATION: N_("Continuations"),
}

FREE_FAILURES = frozenset(ErrorCode) - MAY_BE_CHARGED
"""Failures that cost nothing (TokenLab docs, Billing and pricing: failed tasks are not charged)."""

FAILURE: Mapping[ErrorCode, str] = {
    ErrorCode.WISH_REFUSED: N_("TokenLab did not take this wish. Word it differently and ask again."),
    ErrorCode.CONTENT_REFUSED: N_(
        "TokenLab does not allow what this asks for. Leave out names of artists, lyrics of known songs and offensive "
        "words, and ask again."
    ),
    ErrorCode.CLIP_REFUSED: N_("TokenLab can't continue this song: it no longer knows the clip."),
    ErrorCode.MODEL_UNAVAILABLE: N_("This model can't be used at the moment. Choose another one."),
    ErrorCode.VERSION_UNAVAILABLE: N_("TokenLab takes none of the versions that I know at the moment."),
    ErrorCode.NO_ACCESS: N_("TokenLab does not let me in. Whoever runs this bot has to look at it."),
    ErrorCode.NO_CREDIT: N_("This bot's credit is used up. Whoever runs it has to top it up."),
    ErrorCode.PROVIDER_BUSY: N_("TokenLab was too busy or out of reach, and I gave up waiting."),
    ErrorCode.PROVIDER_FAILED: N_("TokenLab could not make it. You can ask again."),
    ErrorCode.NO_RESULT: N_("TokenLab says that it is finished, but sent nothing usable. It may have been charged."),
    ErrorCode.RESULT_GONE: N_("TokenLab no longer knows this task, so its result is lost. It may have been charged."),
    ErrorCode.NO_ANSWER: N_("A whole day has passed without a result. I stopped looking. It may have been charged."),
}

VERSION_REFUSED = N_("The version {version} is not available.")
VERSION_OFFERED = N_("**Again** makes it with {version}.")
VERSION_CHANGED = N_("made with {new}, as {old} is no longer available")
VERSION_UNKNOWN = N_(
    "I don't know the version {version}. I ask TokenLab for it all the same; if it is refused, nothing is charged."
)
VERSION_LIMIT = N_("That is the limit of {version}.")
SUNG = N_("With a title and styles, the words are sung as they are written.")

IN_LINE = N_("**In line:** {place}.")
NEXT_OF_YOURS = N_("as soon as one of yours is through")
IN_LINE_BUSY = N_("**In line.** TokenLab is busy; I ask again {when}.")
IN_LINE_HELD = N_("**In line.** The moderators have paused it; it goes on when they say so.")
IN_LINE_UNREACHABLE = N_("**In line.** TokenLab is out of reach; this goes on by itself once it is back.")
IN_LINE_OPERATOR = N_("**In line.** I'm waiting for the operator of this bot; this goes on by itself once it's fixed.")
UNREACHABLE = N_("TokenLab is out of reach at the moment. Please try again in a few minutes.")
OUTAGE_FOR_OPERATOR: Mapping[Cause, str] = {
    Cause.KEY: N_("TokenLab refuses the key: please check `TOKENLAB_API_KEY`."),
    Cause.CREDIT: N_("TokenLab says that the credit is used up: please top it up."),
    Cause.MODEL: N_("TokenLab no longer offers the model in `TOKENLAB_MODEL`: please set another one."),
    Cause.REACH: N_("TokenLab is out of reach."),
    Cause.STORAGE: N_("The folder in `MEDIA_DIR` can't be written, or is full."),
}
OUTAGE_OVER: Mapping[Cause, str] = {
    Cause.KEY: N_("TokenLab accepts the key again."),
    Cause.CREDIT: N_("There is credit again."),
    Cause.MODEL: N_("The model is available again."),
    Cause.REACH: N_("TokenLab is back."),
    Cause.STORAGE: N_("The folder in `MEDIA_DIR` can be written again."),
}
OUTAGE_BEGUN = N_("Since {since} I take no new wishes, and those in line wait. I check again by myself.")
OUTAGE_ENDED = N_("I had taken no wishes since {since}; now they are taken again.")
COSTS = N_("Costs about {price}.")
COSTS_NOTHING = N_("It costs nothing.")
COSTS_ONCE_SENT = N_("Costs about {price} once it is sent.")
FINISHED = N_("**Finished.**")
FAILED = N_("**Failed.**")
UNCERTAIN = N_(
    "**Unclear.** I sent this to TokenLab, but the answer got lost: it may or may not have been taken, and charged.\n"
    "I will not send it again by myself. **Try again** may cost a second time; **Drop** lets it go."
)
IT_FAILED = N_("It failed.")
AGAIN_COSTS = N_("**Again** starts a new task, which costs like any other.")
FOUND_LATE = N_("It finished while I was away.")
EDITED = N_("Changed by hand.")
EXPIRED = N_(
    "**Overdue.** This takes much longer than usual. I keep looking for a day and show the result if it comes."
)
EXPIRED_EMPTY = N_(
    "**Nothing has come yet.** TokenLab says that this is finished, but has sent no result so far. I keep looking for "
    "a day and show it if it comes. It may have been charged."
)
SUBMITTING = N_("Being sent to TokenLab. It can't be cancelled any more.")
RUNNING = N_("Being made. It can't be cancelled any more.")
FINISH: Mapping[Phase, str] = {
    Phase.WAITING: N_("finished roughly {when}"),
    Phase.FIRST_HALF: N_("usually finished {when}"),
    Phase.SECOND_HALF: N_("nine of ten are finished {when}"),
    Phase.OVERTIME: N_("taking longer than usual"),
}
"""Stands behind where it is or when it began; `{when}` reads like `in 2 minutes`."""
CANCELLED = N_("Cancelled before it was sent. It cost nothing.")
DROPPED = N_("Dropped. If TokenLab did take it, it may have been charged.")
EARLIER_TRY = N_("Whether the earlier try was charged is unclear.")
CANCEL_FREE = N_("Cancelling is free.")
CANCEL_UNCLEAR = N_("Cancelling costs nothing more.")
LINK_ONLY = N_(
    "The file is too large to attach here, or may not be attached: listen by the link. "
    "It lives as long as TokenLab keeps it."
)
LYRICS_FILE = N_("The whole text is in the file; **Read** shows it page by page.")
LYRICS_KEPT = N_("The whole text does not fit here: **Read** shows it page by page.")
LYRICS_PARTS = N_("What do you want to change in **{song}**?")
LYRICS_CHANGED = N_("Changed; the card shows it.")
LYRICS_CHANGED_KEPT = N_("Changed. The card can't be reached any more; `/songs` has the new text.")
LYRICS_SAME = N_("Nothing was changed.")
LYRICS_VERSION = N_("**{song}**, earlier version {number} of {versions}, replaced {when}.")
LYRICS_OTHER = N_("**{song}**, another version that TokenLab wrote, {number} of {versions}.")
LYRICS_OTHERS = N_("TokenLab wrote other versions, too: **Edit** has them.")
NOT_TOLD = N_("The member could not be told directly.")
TYPED = N_("What you wrote is in the file.")
ENCODED = N_("The original is too large to attach here, so the file is {kind} at {rate} kbit/s.")
CUT_SHORT = N_("The file ends early: it should be {time} long.")
LINK_FOR_NOW = N_("I am still fetching the file; until then listen by the link.")
LINK_UNTIL_ATTACHED = N_("I'm still trying to attach the file; until then, listen by the link.")
LINK_GONE = N_("The file could not be fetched; the link is all there is.")
KEPT = N_("I could not show this where you asked, so here it is.")
SONG_READY = N_(
    "your song **{song}** is ready. Reply to this message to continue it, for example: `from {time}, quieter bridge`"
)
LYRICS_READY = N_("your lyrics **{song}** are ready.")
WISH_UNCLEAR = N_("it is unclear what became of **{song}**. Please look at it and decide.")
WISH_FAILED = N_("**{song}** could not be made. The card says why.")
LATE_ANSWER = N_("The answer to an earlier try came late, but it came.")

RETRY_QUESTION = N_("The first try may have been accepted, so trying again **may cost a second time**. Send it again?")
RETRIED = N_("Back in line; the card shows how it goes.")
CANCEL_DONE = N_("Cancelled. It cost nothing.")
CANCEL_DONE_UNCLEAR = N_("Cancelled. Whether the earlier try was charged is unclear.")
DROP_DONE = N_("Dropped.")
DRAFT_DROPPED = N_("Nothing was started.")
NO_SONGS = N_("You have not asked for anything yet. Try `/song`.")
NONE_FIT = N_("Nothing of yours fits.")
KEPT_HERE = N_("could not be shown where you asked: open it here")
NOT_SHOWN_HERE = N_("a song that is not shown here")
FROM_MESSAGE = N_("The file is in an earlier message of mine; this link to it works for about a day.")
FROM_PROVIDER = N_(
    "I can't attach the file here. This is TokenLab's own link; it works as long as TokenLab keeps the song."
)
FETCHED_ANEW = N_(
    "I don't have the file here, so I am fetching it again: open the song once more in a minute. "
    "Until then this is TokenLab's own link, which may be dead."
)
EMPTY_QUEUE = N_("Nothing is under way in this server.")
FROM_WHICH = N_("From where? Choose one, or write it with **Edit**.")
FROM_UNKNOWN = N_("I don't understand from where. Write it with **Edit**, like `65`, `1:05` or `1m5s`.")
REPLY_UNREADABLE = N_("Discord shows me the words of a reply only if you mention me in it. Use the button instead.")
REPLY_SECRET = N_("That text seems to hold a key or a private address, so I did not pass it on.")
UNEXPECTED = N_(
    "Something went wrong on my side, and I can't tell how far I came. If it was about a wish, look at its card or at "
    "`/songs` before you ask again."
)

REPEATED = N_("You have just asked for the same: {song}. Make another one?")
AGAIN_QUESTION = N_("Make it once more? It is a new task and costs like any other.")
OTHERS_MAY = N_("Others may continue it where it was posted.")
OTHERS_MAY_NOT = N_("Only you may continue it.")
DELETE_QUESTION = N_("Delete **{song}** for good? Its text, its files and its messages go; nothing brings them back.")
DELETED = N_("Deleted.")

TELLING: Mapping[Telling, str] = {
    Telling.PING: N_("with a message that mentions you"),
    Telling.DM: N_("with a direct message"),
    Telling.SILENT: N_("not at all; the card shows it"),
}
TELLING_LABEL: Mapping[Telling, str] = {
    Telling.PING: N_("Mention me"),
    Telling.DM: N_("Direct message"),
    Telling.SILENT: N_("Stay silent"),
}
PREFERENCES = N_(
    "How you hear that something is ready, and what `/song` means where you leave it open. In every server."
)
BOARD_DOWN = N_("There is no live board in this channel any more.")
BOARD_UP = N_("The board appears in this channel in a moment. It stays until somebody takes it down or deletes it.")
INTAKE: Mapping[Intake, str] = {
    Intake.OPEN: N_("Wishes are taken."),
    Intake.PAUSED: N_("**Paused.** Nothing new is taken, and the line is held."),
    Intake.DRAINING: N_("**Draining.** Nothing new is taken; what was asked for is still made."),
}
NOT_LISTED = N_(
    "**Not served.** The operator of this bot has not allowed it in this server: nothing new is taken; what was asked "
    "for is still made."
)
MODERATORS_SAY = N_("The moderators say: {detail}")
BOTS_CHOICE = N_("the bot's own choice")
MODEL_GONE = N_("{model} can't be had at the moment: the bot's own choice takes its place.")

LEAVING = N_("I only work in servers that my operator has chosen, and this isn't one of them. Goodbye!")

USAGE_TITLE: Mapping[Scope, str] = {
    Scope.OWN: N_("Your usage"),
    Scope.SERVER: N_("Usage of this server"),
}
USAGE_SWITCH: Mapping[Scope, str] = {
    Scope.OWN: N_("Mine"),
    Scope.SERVER: N_("This server"),
}
PERIOD: Mapping[Period, str] = {
    Period.THIS_MONTH: N_("This month"),
    Period.LAST_MONTH: N_("Last month"),
    Period.LAST_DAYS: N_("The last 30 days"),
}
CHARGE: Mapping[Charge, str] = {
    Charge.SETTLED: N_("Spent (solid)"),
    Charge.RESERVED: N_("Under way (striped)"),
    Charge.UNCLEAR: N_("Unclear (dotted)"),
}
"""How the chart draws each is told along: it has no words of its own."""
CHARGE_PLAIN: Mapping[Charge, str] = {
    Charge.SETTLED: N_("spent"),
    Charge.RESERVED: N_("under way"),
    Charge.UNCLEAR: N_("unclear"),
}
NOTHING_USED = N_("Nothing was asked for in these days.")
USED_OF = N_("**{used}** of {most}")
PRICE_LIST = N_("up to {usd} by the price list")
USAGE_NOTE = N_("Days are those of UTC. Above each bar: how many were asked for that day.")
NO_FILES_HERE = N_("I may not attach files in this channel. Ask me where I may, or have a moderator allow it.")
EXPORT_TOO_LARGE = N_("That is too much for one file here. Choose a shorter time.")
ERASED = N_("Everything of yours is erased, as you asked. What is kept now was asked for later.")

PROBLEM: Mapping[WishProblem, str] = {
    WishProblem.EMPTY_PROMPT: N_("Tell me what it should be about: the prompt is empty."),
    WishProblem.PROMPT_TOO_LONG: N_("The prompt is too long: at most {limit} characters."),
    WishProblem.TAGS_TOO_LONG: N_("The tags are too long: at most {limit} characters."),
    WishProblem.TITLE_TOO_LONG: N_("The title is too long: at most {limit} characters."),
    WishProblem.DESCRIPTION_TOO_LONG: N_(
        "Without a title, prompt and styles become one description of at most {limit} characters. Shorten them, or "
        "give the song a title and styles: then its words are sung as they are written."
    ),
    WishProblem.EMPTY_LYRICS: N_("Nothing would be left of these lyrics. **More** on the card deletes them."),
    WishProblem.LYRICS_TOO_LONG: N_("The lyrics are too long: at most {limit} characters."),
    WishProblem.SECRET: N_(
        "This looks as if it held a key, token or password. I did not pass it on; take it out and ask again. "
        "If it is real, change it: it was typed into Discord."
    ),
    WishProblem.PRIVATE_URL: N_(
        "This holds a private or signed address. I did not pass it on; take it out and ask again."
    ),
    WishProblem.BAD_TIME: N_("I don't understand that time. Write it like `65`, `1:05` or `1m5s`."),
}

REFUSAL: Mapping[Reason, str] = {
    Reason.STOPPED: N_("I can't make anything at the moment: the operator of this bot has to fix something first."),
    Reason.CLOSING: N_("I am just restarting. Please ask again in a minute."),
    Reason.SERVER_NOT_ALLOWED: N_(
        "The operator of this bot has not allowed it in this server, so I take no new wishes here. What was already "
        "asked for still comes."
    ),
    Reason.BLOCKED: N_("The moderators of this server have blocked you from asking here."),
    Reason.BLOCKED_BY_OPERATOR: N_("Whoever runs this bot has blocked you from asking."),
    Reason.PAUSED: N_("No new wishes are taken here at the moment."),
    Reason.WRONG_CHANNEL: N_("Wishes are not taken in this channel. Ask in {detail}."),
    Reason.WRONG_ROLE: N_("In this server only members with one of these roles may ask: {detail}."),
    Reason.SERVER_LINE_FULL: N_("The line here is full. Try again once some of it is through."),
    Reason.DAY_USED: N_("You have used up what you may ask for today. The next day begins {detail}."),
    Reason.SERVER_DAY_USED: N_("What may be asked for here today is used up. The next day begins {detail}."),
    Reason.UNPRICED: N_(
        "There is a budget in dollars here, and I don't know the price of this model. Pick another one, or try again "
        "in a few minutes."
    ),
    Reason.BUDGET_USED: N_("The budget here for this month leaves no room for this. The next one begins {detail}."),
    Reason.OVERALL_BUDGET_USED: N_(
        "This bot's own budget for this month, over all servers, leaves no room for this. The next one begins {detail}."
    ),
    Reason.LINE_FULL: N_("You have enough waiting in line. Let some finish, or cancel one."),
    Reason.MISSING_PERMISSION: N_("I can't work in this channel: a moderator has to allow me to {detail} here."),
    Reason.UNKNOWN_MODEL: N_("I don't know this model for that. Pick one from the list that appears while you type."),
    Reason.NOT_A_VERSION: N_(
        "A version is a word like `chirp-v5`. Pick one from the list that appears while you type."
    ),
    Reason.NO_LYRICS_MODEL: N_("No model writes lyrics at the moment. `/song` still works."),
    Reason.LYRICS_UNKNOWN: N_("I can't tell yet which model writes lyrics. Try again in a minute."),
    Reason.NOT_FOUND: N_(
        "I can't find that song. It may have been deleted. In a command, pick one from the list that appears while you "
        "type."
    ),
    Reason.NOT_KEPT: N_("This is no longer kept: what was asked for here is erased after a while. The message stays."),
    Reason.EXPORTING: N_("Your export is being made already. It comes in a moment."),
    Reason.NO_SONG_HERE: N_("This message does not show a song of mine."),
    Reason.NOT_YOURS: N_("That is somebody else's."),
    Reason.MODERATOR_ONLY: N_("Only moderators of this server can do that. If you are one, use the command once more."),
    Reason.NOT_FINISHED: N_("This one is not finished, so there is nothing to continue yet."),
    Reason.NO_CLIP: N_("There is no music in this one to continue."),
    Reason.NO_SUCH_TAKE: N_("This song has no such take. Its takes: {detail}."),
    Reason.NO_CLIP_OF_TAKE: N_("This take can't be continued. Takes that can: {detail}."),
    Reason.NOT_OPEN: N_("This song may be continued only by whoever asked for it."),
    Reason.NOT_SETTLED: N_("This one is still under way. Cancel it or let it finish first."),
    Reason.NO_LYRICS: N_("There are no lyrics here."),
    Reason.FORM_OUTDATED: N_("This has changed since you opened the form, so I left it alone. Open it once more."),
    Reason.TOO_LONG_TO_SING: N_(
        "A song takes 5000 characters; these lyrics are {detail} over. Shorten them with **Edit**."
    ),
    Reason.NO_NEGATIVE_TAGS: N_("This model can't be told which styles to keep out. Leave them empty."),
    Reason.TOO_LATE: N_("Too late: it has moved on. The card shows where it is now."),
    Reason.DRAFT_GONE: N_(
        "This was started, dropped, is older than an hour, or could not be started. "
        "If you see nothing of it, ask or reply once more."
    ),
    Reason.BEYOND_END: N_("This song is only {detail} long. Name a moment before its end."),
    Reason.NEEDS_START: N_("Tell me from where, for example `from {detail}`."),
    Reason.BAD_UNTIL: N_("I don't understand until when. Write it like `2h`, `3 d` or `2026-12-01 18:00` (UTC)."),
    Reason.UNTIL_OVER: N_("That moment is over already. Dates and hours are those of UTC."),
    Reason.NOT_YOURSELF: N_("You can't block yourself."),
    Reason.NOBODY_HERE: N_("I know nobody like that in this server."),
    Reason.NOT_BLOCKED: N_("This member is not blocked, or no longer."),
    Reason.NOTHING_CHANGED: N_("It is like that already."),
    Reason.FORBIDDEN_WORD: N_("This server does not take a word that is in {detail}. Word it differently."),
    Reason.FORBIDDEN_BY_OPERATOR: N_("Whoever runs this bot does not take a word that is in {detail}."),
    Reason.OTHER_SERVER: N_("This belongs to another server."),
    Reason.NOT_ADMIN: N_("Only those who manage this server can do that. If you are one, use `/settings` once more."),
}

WISH_PART: Mapping[WishPart, str] = {
    WishPart.PROMPT: N_("the prompt"),
    WishPart.TITLE: N_("the title"),
    WishPart.TAGS: N_("the styles"),
    WishPart.NEGATIVE_TAGS: N_("the styles to keep out"),
    WishPart.LYRICS: N_("the lyrics"),
}

REFUSAL_MORE: Mapping[Reason, str] = {
    Reason.BLOCKED: N_("That ends {detail}."),
    Reason.PAUSED: MODERATORS_SAY,
}
"""What is added where there is something to add."""


RULE: Mapping[str, str] = {
    "channels": N_("Channels"),
    "roles": N_("Roles"),
    "running_per_member": N_("Being made at once, of a member"),
    "waiting_per_member": N_("Waiting in line, of a member"),
    "daily_per_member": N_("In one day, of a member"),
    "running_per_server": N_("Being made at once, in all"),
    "waiting_per_server": N_("Waiting in line, in all"),
    "daily_per_server": N_("In one day, in all"),
    "monthly_songs": N_("Songs in one month"),
    "monthly_usd": N_("Dollars in one month"),
    "warning_channel_id": N_("Where a warning goes"),
    "model": N_("Model"),
    "version": N_("Version"),
    "others_may_continue": N_("Others' songs"),
    "words": N_("Words kept out"),
    "patterns": N_("Patterns kept out"),
    "keep_days": N_("Days that texts and results are kept"),
    "locale": N_("Language of cards"),
}
RULE_PROBLEM: Mapping[RuleProblem, str] = {
    RuleProblem.NOT_WHOLE: N_("{entry} is no whole number from {least} to {most}."),
    RuleProblem.NOT_MONEY: N_(
        "{entry} is no amount of dollars from 0 to {most} with at most two decimals, such as 12.50."
    ),
    RuleProblem.NOT_A_CHANNEL: N_("{entry} is no id of a channel."),
    RuleProblem.UNKNOWN: N_("{entry} is none of these: {known}."),
    RuleProblem.TOO_MANY: N_("{entry} are too many: at most {most}."),
    RuleProblem.TOO_LONG: N_("{entry} is too long: at most {most} characters."),
    RuleProblem.NOTHING_TO_FIND: N_("{entry} has no letter, no digit and no emoji that could be looked for."),
    RuleProblem.BAD_PATTERN: N_(
        "{entry} is no pattern that I can search for ({told}). Look-arounds and back-references do not exist here."
    ),
    RuleProblem.NOT_A_VERSION: N_("{entry} is no version: these are words like chirp-v5."),
    RuleProblem.FITS_EVERYTHING: N_("{entry} fits every text, an empty one, too: nothing could be asked for any more."),
}


def refusal(error: Refused | WishError | RuleError, words: Words) -> str:
    """The sentence for a refusal."""
    if isinstance(error, RuleError):
        return (
            f"**{words(RULE[error.rule])}:** {rule_problem(error, words, shown=lambda text: inline(text, NOTE_CHARS))}"
        )
    if isinstance(error, WishError):
        sentence = words(PROBLEM[error.problem], limit=error.limit)
        return f"{sentence} {words(VERSION_LIMIT, version=error.version)}" if error.version else sentence
    if error.details == (Cause.REACH,):
        return words(UNREACHABLE)
    detail = ", ".join(_detail(error.reason, one, words) for one in error.details)
    sentence = words(REFUSAL[error.reason], detail=detail)
    more = words(REFUSAL_MORE[error.reason], detail=detail) if detail and error.reason in REFUSAL_MORE else ""
    return f"{sentence} {more}".strip()


def stopped(cause: Cause) -> str:
    """Why nothing can be made for anybody."""
    return UNREACHABLE if cause is Cause.REACH else REFUSAL[Reason.STOPPED]


def in_line_stopped(cause: Cause) -> str:
    """What a card in line says while something stops everybody."""
    return IN_LINE_UNREACHABLE if cause is Cause.REACH else IN_LINE_OPERATOR


def rule_problem(error: RuleError, words: Words, *, shown: Callable[[str], str] = str) -> str:
    """Why something is no value of a rule; what was typed stands there as `shown` gives it."""
    facts = {name: shown(fact) if isinstance(fact, str) else fact for name, fact in error.facts.items()}
    return words(RULE_PROBLEM[error.problem], entry=shown(error.entry), **facts)


def _detail(reason: Reason, detail: str | float | datetime, words: Words) -> str:
    match detail:
        case datetime():
            return format_dt(detail, "R")
        case float():
            return rough_time(detail)
        case int():
            return f"<#{detail}>" if reason is Reason.WRONG_CHANNEL else f"<@&{detail}>"
        case WishPart():
            return words(WISH_PART[detail])
        case _:
            return inline(detail, NOTE_CHARS) if reason is Reason.PAUSED else words(detail)


def clock_time(seconds: float) -> str:
    """A position in a song, to the millisecond: 65 is `1:05`, 65.05 is `1:05.05`."""
    whole, ms = divmod(round(seconds * 1000), 1000)
    return f"{whole // 60}:{whole % 60:02}" + (f".{ms:03}".rstrip("0") if ms else "")


def rough_time(seconds: float) -> str:
    """A position or a length to the second, below that to a tenth of it."""
    return clock_time(int(seconds) if seconds >= 1 else round(seconds, 1))


def ago(age: timedelta, words: Words) -> str:
    """How long since: `3 min ago`."""
    minutes = int(age.total_seconds() // 60)
    hours, days = minutes // 60, minutes // 1440
    if days > 1:
        return words("{days} days ago", days=days)
    return words("{hours} h ago", hours=hours) if hours else words("{minutes} min ago", minutes=minutes)
