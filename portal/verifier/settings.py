"""What goes into a shop's settings, as commands for its own command line (connector-protocol.md, 5)."""

import shlex
from urllib.parse import urlsplit

SIDES = ("production", "sandbox")  # in the order of the shop's own form
KEYS_AT = "services_connector/services_connector_integration"
GATEWAYS_AT = "services_connector"
CLEAN_CACHE = "bin/magento cache:clean config"


def key_file(side: str) -> str:
    """The usual name for the file with this side's private key."""
    return f"{side}-private-key.pem"


def gateway_commands(portal_url: str) -> list[str]:
    """That the shop asks the portal: its address without a path, which the shop would drop."""
    base = urlsplit(portal_url)
    origin = f"{base.scheme}://{base.netloc}"
    return [f"bin/magento config:set {GATEWAYS_AT}/{side}_gateway_url {origin}" for side in SIDES]


def key_commands(side: str, api_key: str, file: str) -> list[str]:
    """That the shop uses this API key with the private key in `file`."""
    # After the two hyphens nothing is an option: the value of the private key itself begins with hyphens.
    return [
        f"bin/magento config:set {KEYS_AT}/{side}_api_key {api_key}",
        f'bin/magento config:set -- {KEYS_AT}/{side}_private_key "$(cat {shlex.quote(file)})"',
    ]
