"""The portal for a WSGI server, and for `flask --app wsgi …`. It reads its settings from the environment."""

import gc
import sys

from portal.app import create_app
from portal.config import UnsafeSettings
from portal.usage import writing

try:
    app = create_app()
except UnsafeSettings as unsafe:
    sys.exit("\n".join(["The portal does not start:", *(f"- {problem}" for problem in unsafe.problems)]))

# Here and not in create_app: only a process that serves writes use traces by itself.
writing.configure(app.app_context)

# What the start made stays as long as the process: looking through it again at each collection took 5 % of a request.
gc.collect()
gc.freeze()
