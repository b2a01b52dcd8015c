"""The blueprint that the modules of this room's pages share."""

from flask import Blueprint

pages = Blueprint("handoffs", __name__)
