"""The word filter: what a word is found in whatever its disguise, what it is not found in, and patterns."""
# ruff: noqa: RUF001 -- look-alikes are what this is about

import unicodedata

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.filters import Filter, PatternError, compiled, filter_of, fold, is_searchable
from bot.domain.rules import PATTERN_CHARS, PATTERNS_MOST, WORD_CHARS, WORDS_MOST

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORD = st.text(LETTERS, min_size=1, max_size=12)


def has(word: str, text: str) -> bool:
    return Filter((word,), ()).find(text) == word


# --- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("rude", "so rude"), ("rude", "RUDE!"), ("RÜDE", "rude"), ("rude", "(rude)"), ("rude", "what\nrude\nwords"),
        ("rude", "rüdê"), ("rude", "r\u0336u\u0336d\u0336e\u0336"), ("rude", "ｒｕｄｅ"), ("rude", "𝓻𝓾𝓭𝓮"),
        ("rude", "ⓡⓤⓓⓔ"), ("rude", "🅡🅤🅓🅔"), ("rude", "ʀᴜᴅᴇ"), ("rude", "r\u200bu\u00add\u2060e"),
        ("rude", "rudе"), ("pace", "расе"), ("beta", "βετα"), ("TOXIC", "ТОХІС"),
        ("rude", "rud3"), ("solid", "50l1d"), ("tail", "741|"), ("ass", "@$$"), ("ass", "a55"), ("shift", "sh!ft"),
        ("rude", "ruuuude"), ("rude", "ruude"), ("god", "goood"), ("ass", "asssss"),
        ("rude", "r.u.d.e"), ("rude", "r-u-d-e"), ("rude", "r_u_d_e"), ("rude", "r u d e"), ("rude", "r  u\td\ne"),
        ("rude", "r★u★d★e"), ("rude", "r@u@d@e"), ("rude", "r.uu.d.3"), ("rude", "r. u. d. e."),
        ("rude", "@rude"), ("rude", "rude69"), ("rude", "4rude"), ("rude", "これはrudeです"), ("rude", "🖕rude🖕"),
        ("bad phrase", "a bad   phrase"), ("bad phrase", "bad-phrase"), ("it's", "IT’S"), ("c++", "in c++"),
        ("дура", "ДУРА"), ("ёлка", "елка"), ("straße", "STRASSE"), ("كلمة", "كَلِمَة"), ("שלום", "שָׁלוֹם"),
        ("バカ", "このバカ野郎"), ("ばか", "おばか"), ("笨蛋", "你是笨蛋吗"), ("ควาย", "ไอ้ควายโง่"),
        ("바보", "바보 같은"),
        ("कुत्ता", "वह कुत्ता है"), ("🖕", "go 🖕🏽 now"),
        ("1488", "in 1488."), ("1488", "１４８８"), ("a1", "A1"), ("50s", "50s"), ("50s", "the 50s!"),
        ("rude", "r🔥u🔥d🔥e"), ("rude", "r🔥ude"), ("rude", "🇷🇺🇩🇪"), ("rude", "🇷 🇺 🇩 🇪"), ("rude", "🇺🇸rude🇺🇸"),
        ("rude", "ꓣꓴꓓꓰ"), ("rude", "ᎡuᎠᎬ"), ("rude", "ꭱuꭰꭼ"), ("rude", "rսde"), ("rude", "ᖇᑌᗪE"),
        ("rude", "rudɛ"), ("rude", "ruðe"), ("rude", "rudə"),
        ("rude", "'rude'"), ("rude", "rude's"), ("rude", "r'u'd'e"), ("rude", "r - u - d - e"), ("won't", "won’t"),
        ("ass", "a.s.s"), ("ass", "a-s-s"), ("fag", "f.a.g"), ("bad phrase", "bad 'phrase'"),
    ],
)  # fmt: skip
def test_a_word_is_found_whatever_its_disguise(word: str, text: str) -> None:
    assert has(word, text)


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("rude", "crude"), ("rude", "rudeness"), ("rude", "intruder"), ("rude", "xrude"), ("rude", "rud"), ("rude", ""),
        ("god", "good"), ("lose", "loosen"), ("as", "ass"), ("ass", "as"), ("ass", "pass"), ("ass", "class a s"),
        ("ass", "at 4:55 in 455 Hz"), ("ass", "take 4, 5, 5"), ("lie", "at 1:13"), ("hell", "heil"), ("ai", "a I"),
        ("bad phrase", "badphrase"), ("bad phrase", "bad rude phrase"), ("rude", "ru de"), ("rude", "for u, dear"),
        ("дура", "дурачок"), ("바보", "바보야"), ("कुत्ता", "कुत्तों"), ("कि", "की"),
        ("hell", "he'll be home"), ("hell", "he’ll"), ("ill", "I'll go"), ("shed", "she'd rather"), ("wont", "won't"),
        ("fag", "F A G"), ("fag", "F - A - G"), ("fag", "F-A-G"), ("fag", "|F|A|G|"), ("bad", "B A D minor"),
        ("dead", "D E A D"), ("dead", "D-E-A-D"), ("ass", "a s s"),
        ("sos", "50s music"), ("sos", "the '50s"), ("bobs", "808s"), ("ist", "on the 1st"), ("ed", "in 3D"),
        ("ss", "for $5"), ("ill", "|---|---|"), ("iii", "Oh!!!"), ("ss", "🇸🇸"),
        ("1488", "21488"), ("1488", "14880"), ("1488", "1 4 8"), ("a1", "al"), ("🖕", "👍"), ("bug", "bag"),
    ],
)  # fmt: skip
def test_a_word_is_not_found_in_another_one(word: str, text: str) -> None:
    assert not has(word, text)


@pytest.mark.parametrize("mark", "\u0483\u0488\u093c\u0e31\U0001d165")
def test_marks_of_whatever_script_hide_no_word(mark: str) -> None:
    assert has("rude", "".join(letter + mark for letter in "rude"))
    assert has("rude", f"so {mark}rude")


@pytest.mark.parametrize("words", [("bb", "88"), ("88", "bb")])
def test_a_word_that_looks_like_a_number_does_not_hide_it(words: tuple[str, ...]) -> None:
    assert Filter(words, ()).find("in 88") == "88"
    assert Filter(words, ()).find("in bb") == "bb"


def test_numbers_before_a_word_do_not_hide_it() -> None:
    assert Filter(("ass",), ()).find("455 455 455 ass") == "ass"


def test_the_entry_that_is_found_is_named_as_it_was_typed() -> None:
    words = ("Other", "R.u.d.e", "1488", "バカ", "c++")
    found = {
        text: Filter(words, ("colou?r",)).find(text) for text in ("r.u.d.e", "1488", "バカ", "c++", "COLOR", "none")
    }
    assert found == {
        "r.u.d.e": "R.u.d.e",
        "1488": "1488",
        "バカ": "バカ",
        "c++": "c++",
        "COLOR": "colou?r",
        "none": None,
    }


@given(WORD, st.text(" .,-\n", min_size=1, max_size=3), st.text(" .,-\n", min_size=1, max_size=3))
def test_any_word_is_found_between_whatever_ends_words(word: str, before: str, after: str) -> None:
    assert has(word, f"{before}{word.upper()}{after}")


@given(word=WORD, letter=st.sampled_from(LETTERS), before=st.booleans())
def test_no_word_is_found_with_another_letter_beside_it(word: str, letter: str, *, before: bool) -> None:
    longer = letter + word if before else word + letter
    stretched = letter == (word[0] if before else word[-1])  # which is a letter repeated
    assert stretched or not has(word, longer)


@given(st.text(max_size=60))
def test_a_word_that_can_be_searched_is_found_in_itself(word: str) -> None:
    if is_searchable(word.strip()):
        assert has(word.strip(), f"x {word.strip()} x")


@pytest.mark.parametrize("text", ["", "...", " \u200b ", "!?", "@$", "★"])
def test_what_has_nothing_to_read_can_not_be_searched(text: str) -> None:
    assert not is_searchable(text)


# --- folding ---------------------------------------------------------------------------------------------------------


@given(st.text())
def test_folding_what_is_folded_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_case_and_composition_make_no_difference(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text)) == fold(text)


@given(st.text(LETTERS + " "))
def test_plain_letters_stay_what_they_are(text: str) -> None:
    assert fold(text.upper()) == text


# --- patterns --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"colou?rs?\b", "Many COLORS"), (r"^a song", "A song"), ("über", "ÜBER"), ("rude", "crude"), ("rude", "RÜDE"),
        (r"\d{3}-\d{4}", "555-1234"), ("ру", "РУ"), ("🖕+", "🖕"), (r"\bt\.me/", "join t.me/x"),
        (r"\bt\.me/", "join ｔ．mе/x"), ("don't", "Don’t"), (r"^\w+$", "ꓣuɗe"),
    ],
)  # fmt: skip
def test_a_pattern_is_searched_as_written_and_with_its_letters_folded(pattern: str, text: str) -> None:
    assert Filter((), (pattern,)).find(text) == pattern


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"\b[a-z0-9-]+\.(com|net|me|io)\b", "follow-me to the sea"),
        (r"\w+\.\w{2,}", "we're alive"), (r"\.{3}", "c --- d"), (r"^a b$", "a\nb"), ("crude", "rude"),
    ],
)  # fmt: skip
def test_a_pattern_finds_no_punctuation_that_is_not_there(pattern: str, text: str) -> None:
    assert Filter((), (pattern,)).find(text) is None


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("a(?=b)", "invalid perl operator: (?="), ("a(?!b)", "invalid perl operator: (?!"),
        ("(?<=a)b", "invalid perl operator: (?<="), ("(?<!a)b", "invalid perl operator: (?<!"),
        (r"(a)\1", r"invalid escape sequence: \1"), ("(?P<a>b)(?P=a)", "invalid"), ("(?>a)", "invalid perl operator"),
        ("(", "missing )"), ("[a", "missing ]"), ("*", "no argument for repetition"), ("a{1001}", "repetition size"),
        (r"(?:\w{100}\pL{10}){10}", "too large"),
    ],
)  # fmt: skip
def test_what_re2_does_not_take_is_refused_with_its_words(pattern: str, told: str) -> None:
    with pytest.raises(PatternError) as refused:
        compiled(pattern)
    assert told.casefold() in str(refused.value).casefold()


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|aa)+$", "(a*)*b", "(?:a?){100}a{100}b", "([a-zA-Z]+)*$", "(.*a){20}$"]
)
def test_a_pattern_that_costs_other_engines_for_ever_is_searched_by_re2_in_one_pass(pattern: str) -> None:
    """By construction: an automaton takes as many steps as the text has letters, times its own bounded size."""
    automaton = compiled(pattern)
    assert isinstance(automaton, re2._Regexp)
    assert automaton.options.max_mem <= 1 << 17
    Filter((), (pattern,)).find("a" * 5000 + "!")


def test_the_largest_lists_that_can_be_set_can_be_compiled() -> None:
    for alphabet in ("abcdefgh", "我你他这那哪是不", "🖕👍😀😁😂🤣😃😄", "कखगघचछजझ"):
        words = tuple((f"{number:03}" + alphabet * WORD_CHARS)[:WORD_CHARS] for number in range(WORDS_MOST))
        assert Filter(words, ("x" * PATTERN_CHARS,) * PATTERNS_MOST).find(f"a {words[-1]} b") == words[-1]


def test_filters_are_compiled_once_and_not_kept_without_end() -> None:
    assert filter_of(("rude",), ()) is filter_of(("rude",), ())
    assert filter_of.cache_info().maxsize is not None
