"""Where the pages of this room register; `views` brings them all together."""

from flask import Blueprint

pages = Blueprint("usage", __name__)
