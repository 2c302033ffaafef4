"""What something costs, in words."""

from decimal import Decimal

from bot.domain.price import Price
from bot.domain.usage import Spent
from bot.ui import texts
from bot.ui.words import Words


def price_words(price: Price | None, words: Words) -> str | None:
    """As in "$0.10 to $0.25"; None where the catalogue says nothing."""
    if price is None:
        return None
    if price.is_free:
        return words("free")
    if price.min_usd == price.max_usd:
        return dollars(price.max_usd)
    return words("{least} to {most}", least=dollars(price.min_usd), most=dollars(price.max_usd))


def cost_words(price: Price | None, words: Words, sentence: str = texts.COSTS) -> str | None:
    """The sentence with what it costs; None where the catalogue says nothing."""
    if price is not None and price.is_free:
        return words(texts.COSTS_NOTHING)
    told = price_words(price, words)
    return words(sentence, price=told) if told else None


def dollars(amount: Decimal) -> str:
    """As in "$0.25"; more than two decimals only where there are more."""
    cents = amount.quantize(Decimal("0.01"))
    return f"${cents if cents == amount else amount.normalize():f}"


def spent_words(spent: Spent, words: Words) -> str:
    """As in "12 · $1.62 + up to $0.50 by the price list": what is an estimate is called one."""
    parts = [dollars(spent.recorded_usd)] if spent.recorded_usd else []
    if spent.estimated_usd:
        parts.append(words(texts.PRICE_LIST, usd=dollars(spent.estimated_usd)))
    if spent.unpriced:
        parts.append(words.several("{number} of unknown price", "{number} of unknown price", spent.unpriced))
    return f"**{spent.tasks}** · {' + '.join(parts) or dollars(spent.usd)}"
