"""What people do in more than one story, each step on the pages alone."""

from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from playwright.sync_api import Locator, expect

from portal.demo import cast
from tests.browser.visitor import Visitor

MAYA, PRIYA, KARIM, RUTH = cast.MAYA.email, cast.PRIYA.email, cast.KARIM.email, cast.RUTH.email
SANDBOX, PRODUCTION = "Sandbox", "Production"


def tell_account_id(priya: Visitor) -> str:
    """The integrator's account id, which it gives to its client."""
    priya.sign_in(PRIYA)
    account = priya.account
    priya.sign_out()
    return account


def make_both_pairs(maya: Visitor, folder: Path) -> str:
    """Both pairs of the licensee, whose account id comes back."""
    maya.sign_in(MAYA)
    maya.sees("%(done)s of %(needed)s environments ready", done=0, needed=2)
    make_pair(maya, SANDBOX, "Aurora test shop", folder)
    maya.go("Overview")
    maya.sees("%(done)s of %(needed)s environments ready", done=1, needed=2)
    make_pair(maya, PRODUCTION, "Aurora shop", folder)
    maya.go("Overview")
    maya.sees("%(done)s of %(needed)s environments ready", done=2, needed=2)
    return maya.account


def make_pair(holder: Visitor, side: str, name: str, folder: Path) -> None:
    """A pair made by the portal, whose private key is shown once and saved from the page itself."""
    ask_for_pair(holder, side, name)
    making = holder.page.url
    api_key, private_pem = see_private_key(holder)
    filename = f"private-key-{side.lower()}-{api_key[:8]}.pem"
    file = holder.download("Download %(filename)s", folder, filename=filename)
    assert (file.name, file.read_text()) == (filename, private_pem)

    holder.press("I have saved it")
    holder.sees("“%(name)s” is in service. Put both halves into the shop's configuration.", name=name)
    assert holder.page.url.endswith(f"/keys/{api_key}")
    assert holder.page.locator("main details pre").text_content() == public_of(private_pem)
    holder.page.goto(making)
    holder.sees("This pair was confirmed")
    assert "PRIVATE KEY" not in holder.page.content()


def ask_for_pair(holder: Visitor, side: str, name: str) -> None:
    """Up to the page that warns before the private key is shown."""
    look_at_keys(holder, side)
    holder.follow("Make a key pair")
    holder.fill("name", name)
    holder.choose("origin", "server")
    holder.confirm_password()
    holder.press("Go on")
    holder.sees("The private key is shown once")


def look_at_keys(holder: Visitor, side: str) -> None:
    """The list of key pairs of one environment."""
    holder.go("Keys")
    switch = holder.page.get_by_role("navigation", name=holder.words("Switch environment"))
    switch.get_by_role("link", name=holder.words(side)).click()
    expect(holder.heading).to_have_text(holder.words("Key pairs: %(environment)s", environment=holder.words(side)))


def see_private_key(holder: Visitor) -> tuple[str, str]:
    """The API key and the private key, as the one page shows them."""
    holder.press("Make it and show the private key")
    private_pem = holder.page.locator("main pre").text_content()
    api_key = holder.page.locator("main code").first.text_content()
    assert private_pem
    assert api_key
    return api_key, private_pem


def public_of(private_pem: str) -> str:
    """The public key of this private key, in PEM."""
    public = load_pem_private_key(private_pem.encode(), password=None).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def offer_the_sandbox(maya: Visitor, integrator: str) -> None:
    """All rights in the sandbox, offered to the integrator with this account id."""
    maya.go("Integrators")
    maya.follow("Offer a delegation")
    maya.fill("account_id", integrator)
    maya.choose("environments", "sandbox")
    maya.choose("rights", "keys", "projects", "installations")
    maya.confirm_password()
    maya.press("Send the offer")
    maya.sees("Offered")


def accept_offer(priya: Visitor) -> None:
    """The integrator's yes to Aurora's offer, up to the overview of Aurora."""
    priya.sign_in(PRIYA)
    priya.go("Clients")
    priya.sees("%(party)s offers you a delegation.", party="Aurora Outfitters")
    priya.follow("Look and answer")
    priya.follow("Accept delegation")
    priya.press("Accept delegation")
    priya.follow("Work in their account")
    expect(acting_bar(priya)).to_contain_text("Aurora Outfitters")


def acting_bar(priya: Visitor) -> Locator:
    """The bar that says for whom one acts."""
    return priya.page.get_by_role("region", name=priya.words("Acting for a client"))
