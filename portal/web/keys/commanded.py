"""Making a key pair with the command line: the page that shows the code, and what to run."""

from flask import current_app, make_response, render_template, request
from flask.typing import ResponseReturnValue

from portal.foundation.database import transaction
from portal.keys import commanding, intent_store
from portal.keys.models import KeyIntent
from portal.verifier import settings
from portal.web.guards import current_actor


def answer_for(intent: KeyIntent, stage: str) -> ResponseReturnValue:
    """The page of an intent that a command line finishes; a POST shows a new code on it, once.

    stage: where the making stands, as the page of the other ways has it.
    """
    code, actor = "", current_actor()
    if request.method == "POST" and stage == "ready":
        with transaction():
            code = commanding.show_code(actor, intent)
        intent = intent_store.get(actor, intent.public_id)
    page = render_template(
        "keys/command.html",
        intent=intent,
        pair=intent.key_pair,
        stage=stage,
        code=code,
        command=_command(code),
        key_file=settings.key_file(intent.environment.value),
        environment=intent.environment.value,
    )
    answer = make_response(page)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _command(code: str) -> str:
    base_url = current_app.config["PORTAL"].external_base_url.rstrip("/")
    return f"portal-key new --portal {base_url} {code}"
