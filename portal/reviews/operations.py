"""What can be done with reviews, gathered from the modules that do it."""

from portal.reviews.answering import answer
from portal.reviews.campaigns import abandon, make, preview
from portal.reviews.closing import close, forecast
from portal.reviews.deciding import MOST_AT_ONCE, decide

__all__ = ["MOST_AT_ONCE", "abandon", "answer", "close", "decide", "forecast", "make", "preview"]
