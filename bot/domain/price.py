"""What one request costs, as far as it is published: plain values."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars for one request, from `min_usd` to `max_usd`, both included; the same where there is one price."""

    min_usd: Decimal
    max_usd: Decimal

    @property
    def is_free(self) -> bool:
        """Whether it costs nothing."""
        return not self.max_usd


FREE = Price(min_usd=Decimal(0), max_usd=Decimal(0))
