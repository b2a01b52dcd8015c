"""The sample in docs/webhooks.md does what it says, with what the portal sends."""

import re
from pathlib import Path

from tests.webhooks.conftest import an_endpoint, deliver, happens
from tests.webhooks.receivers import receiving

PAGE = Path(__file__).parents[2] / "docs" / "webhooks.md"


def test_the_sample_takes_what_is_sent_once_and_refuses_what_is_forged(owner, capsys):
    (sample,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict = {}
    exec(sample, names)  # noqa: S102 - the page's own sample
    with receiving() as receiver:
        secret = an_endpoint(owner, receiver.url).secret
        happens(owner)
        deliver()
    (request,) = receiver.requests

    answers = [names["receive"](request.body, request.headers, secret) for _twice in range(2)]
    forged = names["receive"](request.body + b" ", request.headers, secret)

    assert (answers, forged) == ([204, 204], 401)
    assert capsys.readouterr().out.count("tenant.request_code_made") == 1
