"""What something costs, in words."""

from decimal import Decimal

from bot.domain.price import Price
from bot.ui import texts
from bot.ui.words import Words


def price_words(price: Price | None, words: Words) -> str | None:
    """As in "$0.10 to $0.25"; None where the catalogue says nothing."""
    if price is None:
        return None
    if price.is_free:
        return words("free")
    if price.min_usd == price.max_usd:
        return _dollars(price.max_usd)
    return words("{least} to {most}", least=_dollars(price.min_usd), most=_dollars(price.max_usd))


def cost_words(price: Price | None, words: Words, sentence: str = texts.COSTS) -> str | None:
    """The sentence with what it costs; None where the catalogue says nothing."""
    if price is not None and price.is_free:
        return words(texts.COSTS_NOTHING)
    told = price_words(price, words)
    return words(sentence, price=told) if told else None


def _dollars(amount: Decimal) -> str:
    cents = amount.quantize(Decimal("0.01"))
    return f"${cents if cents == amount else amount.normalize():f}"
