"""What views share: answering with a form, refusals at a field, and where a person may be sent back to."""

import re
from typing import Any

from flask import Response, make_response, render_template, request
from flask_wtf import FlaskForm

from portal.web.say import add_refusal

__all__ = ["add_refusal", "answer", "own_path"]

# A path of our own: one leading slash, then anything but a second slash, a backslash or a control character.
OWN_PATH = re.compile(r"/(?!/)[^\\\x00-\x1f\x7f]*")


def answer(template: str, *, form: FlaskForm, **context: Any) -> Response:
    """The page; 422 when a submitted form has errors, so that machines and screen readers learn of them too."""
    page = make_response(render_template(template, form=form, **context))
    if request.method == "POST" and form.errors:
        page.status_code = 422
    return page


def own_path(address: str | None) -> str | None:
    """`address` when it is a path of this portal, else None: nobody is sent elsewhere after signing in."""
    return address if address and OWN_PATH.fullmatch(address) else None
