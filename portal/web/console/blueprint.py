"""The blueprint that the modules of the console's pages share."""

from flask import Blueprint

pages = Blueprint("console", __name__)
