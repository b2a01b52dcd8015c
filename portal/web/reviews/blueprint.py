"""The blueprint that the modules of the pages of reviews share."""

from flask import Blueprint

pages = Blueprint("reviews", __name__)
