"""What a call tells of its client, and what stays the same of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.usage.clients import LONGEST_WORDS, client_of

pytestmark = pytest.mark.no_database

AGENT = "Magento Services Connector (Magento: {} {})"
versions = st.from_regex(r"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{1,2}(-p[0-9]{1,2})?", fullmatch=True)
addresses = st.ip_addresses().map(str)


@pytest.mark.parametrize(
    ("agent", "edition", "version"),
    [
        (AGENT.format("Community", "2.4.8-p1"), "Community", "2.4.8-p1"),
        (AGENT.format("Enterprise", "2.4.7"), "Enterprise", "2.4.7"),
        (AGENT.format("B2B", "dev-2.4-develop"), "B2B", "dev-2.4-develop"),
        (AGENT.format("Community", "2.4.8 patched by hand"), "Community", "2.4.8 patched by hand"),
    ],
)
def test_the_connector_names_edition_and_version(agent, edition, version):
    client = client_of(agent, "192.0.2.7", None)

    assert (client.edition, client.version, client.words) == (edition, version, "")


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "curl/8.5.0",
        "Magento Services Connector",
        AGENT.format("Community", ""),
        AGENT.format("", "2.4.8"),
        AGENT.format("Community", "x" * 65),
        "x" + AGENT.format("Community", "2.4.8"),
        AGENT.format("Community", "2.4.8") + "\n",
        "Magento Services Connector (Magento: " * 30,
    ],
)
def test_anything_else_is_an_unknown_client(agent):
    client = client_of(agent, "192.0.2.7", None)

    assert client.edition is client.version is None
    assert client.identity == "client:"


@given(st.text(max_size=600))
def test_what_a_client_calls_itself_is_kept_clean_and_short(agent):
    words = client_of(agent, "", None).words

    assert len(words) <= LONGEST_WORDS
    assert words.isprintable()


@given(addresses)
def test_no_full_address_is_kept(address):
    assert address not in client_of("", address, None)


@given(first=versions, second=versions, here=addresses, there=addresses, cloud=st.sampled_from([None, "abc123"]))
def test_an_upgrade_or_a_move_leaves_the_identity_as_it_is(first, second, here, there, cloud):
    before = client_of(AGENT.format("Community", first), here, cloud)
    after = client_of(AGENT.format("Community", second), there, cloud)

    assert before.identity == after.identity


def test_the_cloud_project_comes_before_the_edition():
    named, nameless = (client_of(AGENT.format("Enterprise", "2.4.7"), "", cloud) for cloud in ("abc123", None))

    assert (named.identity, nameless.identity) == ("cloud:abc123", "client:enterprise")
    assert named.identity_by_edition == nameless.identity


@pytest.mark.parametrize("cloud_id", ["", "a b", "a/b", "x" * 129, "ü", "a\n"])
def test_what_is_no_id_of_the_protocol_is_no_cloud_project(cloud_id):
    assert client_of("", "", cloud_id).cloud_id is None
