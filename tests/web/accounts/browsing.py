"""What the tests of these pages do in a browser."""

import re

from tests.factories import PASSWORD

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def send(client, address, /, **data):
    """Load a visitor's form, fill it in and send it."""
    token = TOKEN.search(client.get(address).text)
    return client.post(address, data=data | {"csrf_token": token[1] if token else ""})


def sign_in(client, person, password=PASSWORD, address="/sign-in"):
    """Sign in as `person` (or an address) through the page."""
    return send(client, address, email=getattr(person, "email", person), password=password)
