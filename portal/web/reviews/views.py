"""All pages of reviews, gathered for the application."""

from portal.web.reviews import campaigns, closing, evidence, lines, questions, showing
from portal.web.reviews.blueprint import pages

__all__ = ["campaigns", "closing", "evidence", "lines", "pages", "questions", "showing"]
