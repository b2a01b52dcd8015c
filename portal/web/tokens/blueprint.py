"""The blueprint that these pages register with; a module of its own, so that each of them can import it."""

from flask import Blueprint

pages = Blueprint("tokens", __name__)
