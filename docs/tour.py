"""The five minutes of the README, by the API alone.

    MAYA=ppt_… PRIYA=ppt_… KARIM=ppt_… RUTH=ppt_… .venv/bin/python docs/tour.py http://localhost:8000

Each of the four makes a token of all scopes in their account, under Settings → Tokens (`script/server` prints their
passwords). The private keys that the tour makes stay in the folder in which it runs.
"""

import base64
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from portal.client.account import Account
from portal.client.errors import Refused
from portal.client.portal import Portal
from portal.client.things import KeyPair


def home(url: str, name: str) -> tuple[Portal, Account]:
    """The portal as this person calls it, and their own account."""
    portal = Portal(url, os.environ[name])
    me = portal.me()
    print(f"— {me.person}, {me.home}")
    return portal, portal.account(me.home)


def make(account: Account, name: str, environment: str) -> KeyPair:
    """A key pair, made here: its private key is written to a file, and sent nowhere."""
    key = rsa.generate_private_key(65537, 3072)
    file = Path(f"{account.id}-{name}-{environment}.pem".replace(" ", "-").lower())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(private)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    intent = account.begin_key(name, environment, account.contracts_for_keys()[0], public.decode())
    signature = key.sign(intent.message.encode(), padding.PKCS1v15(), hashes.SHA256())
    pair = account.prove_key(intent, base64.b64encode(signature).decode())
    print(f"  {pair.name} ({pair.environment}) is {pair.status}; private key in {file}")
    return pair


def main(url: str) -> None:
    # 1 and 2. What is missing before the shop works, and the two pairs.
    maya, aurora = home(url, "MAYA")
    ready = maya.get(f"{aurora.id}/overview")["ready"]
    print(f"  {ready['done']} of {ready['needed']} environments ready")
    for environment in ("sandbox", "production"):
        make(aurora, "Storefront", environment)

    # 3. An integrator is offered the sandbox; nothing is granted before it accepts.
    priya, harbour = home(url, "PRIYA")
    last_day = (datetime.now(UTC).date() + timedelta(days=90)).isoformat()
    rights = ["view", "keys", "projects", "installations"]
    offered = aurora.offer(harbour.id, environments=["sandbox"], rights=rights, projects=None, last_day=last_day)
    print(f"  offered to {harbour.id}: {offered.state}")

    # 4. It accepts, and works in its client's account: a pair of its own, and a project.
    taken = next(one for one in harbour.taken() if one.party == aurora.id and one.state == "offered")
    print(f"  accepted: {harbour.act_on(taken, 'accept').state}")
    there = priya.account(aurora.id)
    own = make(there, "Studio", "sandbox")
    project = there.new_project("Relaunch", there.contracts_for_projects()[0])
    project = there.rename_project(project, "Relaunch 2027")
    print(f"  project {project.name}: {', '.join(space.name for space in project.data_spaces)}")

    # 5. What goes into a shop's settings; and at another client, where a rotation stands.
    testing = next(space for space in project.data_spaces if space.environment == "sandbox")
    settings = priya.get(f"{aurora.id}/data-spaces/{testing.id}/connect")
    print(f"  in the shop: project id {settings['project']}, environment id {settings['data_space']}")
    for place in priya.me().accounts:
        if place.is_own or not place.is_open:
            continue
        for pair in priya.account(place.id).keys():  # noqa: SIM118 - key pairs, and no dictionary
            if pair.status == "retiring":
                users = priya.get(f"{place.id}/keys/{pair.api_key}/rotation")["users"]
                waiting = [one["installation"]["name"] for one in users if not one["moved"]]
                print(f"  {place.name}: “{pair.name}” is being rotated; not moved yet: {', '.join(waiting) or 'none'}")

    # 6. The owner sees all of it, looks at what the end would stop, and ends it.
    _maya, aurora = home(url, "MAYA")
    if own.api_key not in {pair.api_key for pair in aurora.keys("sandbox")}:
        raise SystemExit("The integrator's pair is not on the owner's list.")
    events = [one["event"] for one in maya.get(f"{aurora.id}/activity")["items"]]
    print(f"  activity: {', '.join(events[:4])}, …")
    given = next(one for one in aurora.given() if one.id == offered.id)
    radius = aurora.blast_radius_of(given)
    print(f"  ending it would stop: {', '.join(one['name'] for one in radius['key_pairs'])}")
    print(f"  delegation: {aurora.act_on(given, 'end').state}; the pair: {aurora.key(own.api_key).status}")

    # 7. At a partner, who does not sign makes no key, and is told who does.
    _karim, nordlicht = home(url, "KARIM")
    try:
        make(nordlicht, "Test", "sandbox")
    except Refused as refusal:
        print(f"  refused ({refusal.code}): {refusal.sentence}")

    # 8. To whom a copy of a private key could go, and what to do when one leaked.
    pair = next(aurora.keys("production"))
    print(f"  {len(list(maya.all(f'{aurora.id}/keys/{pair.api_key}/hand-over')))} envelope keys to seal a copy to")
    radius = aurora.blast_radius_of_key(pair.api_key)
    print(f"  revoking “{pair.name}” would stop {len(radius['used_now'])} shops that use it now")

    # 9. The vendor's staff sees tenants, contracts, entitlements, and who holds access.
    ruth, vendor = home(url, "RUTH")
    tenants = list(ruth.all(f"{vendor.id}/console/tenants"))
    print(f"  {len(tenants)} tenants; {len(list(ruth.all(f'{vendor.id}/console/access')))} key pairs")


if __name__ == "__main__":
    main(sys.argv[1])
