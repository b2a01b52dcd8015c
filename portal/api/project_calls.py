"""The room of the calls about projects, what is in them, and what more is asked for."""

from portal.api.calls import Calls

calls = Calls("projects", "Projects and data spaces")
