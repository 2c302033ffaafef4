"""`/privacy` in plain words: what is kept of people, for how long, who else gets it, and what they can do about it."""

import discord
from discord.utils import format_dt

from bot.service import Keeping
from bot.ui.card import Button, Press
from bot.ui.words import N_, Words

KEPT = N_(
    "Your wishes with their titles, styles and models; lyrics with their earlier versions; results and the links to "
    "their files; who asked, where and when. What you chose in `/preferences`. A wish that waits for your yes. Blocks "
    "by moderators, with reason and end. What moderators did to your wishes, under a random reference in place of your "
    "name."
)
ALWAYS = N_("Wishes, lyrics and results: for as long as this server wants.")
OTHERWISE = N_(
    "A wish that waits for your yes: an hour. Discord's key to my answers: 15 minutes. Preferences: until you change "
    "them. Blocks: until they end. For the bill, counts and costs stay; once you are erased, without your name."
)
PROVIDER = N_(
    "The words of your wish, title, styles and model go to TokenLab, which makes the song; to continue one, its clip, "
    "too. Not your name, nor the server's. How long TokenLab keeps them is for TokenLab to say."
)
CHOICES = N_("**Export** gives you all of it as a file. **Erase** erases all of it, in every server, after a question.")
ERASE_QUESTION = N_(
    "Erase everything that you have asked for, in every server? Wishes, lyrics, results, files and preferences go, and "
    "so do my messages that show them. What waits in line is cancelled; what is being made is erased when it is "
    "finished; what is unclear waits three days for you. Blocks stay, or erasing would be a way around them; what "
    "others made from your songs stays theirs. **Nothing brings it back**: take an export first if you want to keep "
    "something."
)
ERASING = N_(
    "I am erasing it. `/privacy` shows how far I am, and I send you a direct message when it is done. What you ask for "
    "from now on is kept."
)
EXPORT_HERE = N_("This is everything that I keep of you.")
EXPORT_SENT = N_("It does not fit here, so I have sent it to you directly, compressed.")
EXPORT_PARTS = N_("Everything that I keep of you. If there are several parts, put them together in their order.")
EXPORT_SHUT = N_("It does not fit here, and I may not send you direct messages. Let me, and press it again.")


def keeping_embed(keeping: Keeping, words: Words, *, is_server: bool) -> discord.Embed:
    """What holds where a member asks, and how far their own erasure is."""
    embed = discord.Embed(title=words("Your privacy"))
    sections = [
        (words("What I keep"), words(KEPT)),
        (words("For how long"), "\n".join(_durations(keeping, words, is_server=is_server))),
        (words("What TokenLab gets"), words(PROVIDER)),
        (words("What you can do"), words(CHOICES)),
    ]
    if keeping.erasure is not None:
        since = format_dt(keeping.erasure.asked_at, "R")
        so_far = words.several(
            "Since {since}; {number} wish is left.", "Since {since}; {number} wishes are left.", keeping.left,
            since=since,
        )  # fmt: skip
        sections.insert(0, (words("Erasing"), so_far))
    for name, value in sections:
        embed.add_field(name=name, value=value, inline=False)
    return embed


def _durations(keeping: Keeping, words: Words, *, is_server: bool) -> list[str]:
    if keeping.keep_days is not None:
        texts = words.several(
            "Wishes, lyrics and results: {number} day.", "Wishes, lyrics and results: {number} days.", keeping.keep_days
        )
    else:
        texts = words(ALWAYS) if is_server else words("Wishes, lyrics and results: until you erase them.")
    days = keeping.media_keep_days
    files = words("Audio files of mine: {days} days at most.", days=f"{days:g}")
    return [texts, files, words(OTHERWISE)]


def keeping_buttons(user_id: int, words: Words) -> list[Button]:
    """What its member can do about it."""
    return [
        Button(label=words("Export"), press=Press.PRIVACY_EXPORT, subject=user_id),
        Button(label=words("Erase"), press=Press.PRIVACY_ERASE, subject=user_id, style=discord.ButtonStyle.danger),
    ]


def surely_button(user_id: int, words: Words, *, asked_min: int) -> Button:
    """The second press, behind the warning; `asked_min` is when that was shown, in minutes since 1970."""
    return Button(
        label=words("Yes, erase everything"),
        press=Press.PRIVACY_ERASE_SURELY,
        subject=user_id,
        number=asked_min,
        style=discord.ButtonStyle.danger,
    )
