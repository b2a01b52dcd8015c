"""Calls about an account itself and its members: what is special about them."""

from flask import Flask

from portal.access.actor import Actor
from portal.access.roles import Role, Scope
from tests.api.scripts import a_script
from tests.factories import a_key, a_member, tenant_of


def test_a_request_code_is_shown_once_even_when_the_call_is_repeated(app: Flask, owner: Actor):
    script = a_script(app, owner)
    version = script.get("settings").json["version"]

    first = script.post("settings/request-code", version=version, key="once")
    again = script.post("settings/request-code", version=version, key="once")

    assert len(first.json["code"]) == 34
    assert (again.status_code, again.json["code"]) == (201, None)


def test_an_account_is_renamed_only_in_the_version_that_was_seen(app: Flask, owner: Actor):
    script = a_script(app, owner)
    seen = script.get("settings").json["version"]
    script.post("settings/rename", {"name": "Borealis"}, version=seen)

    late = script.post("settings/rename", {"name": "Corona"}, version=seen)

    assert (late.status_code, late.json["code"]) == (412, "changed_meanwhile")
    assert script.get("settings").json["name"] == "Borealis"


def test_who_is_invited_is_listed_until_the_invitation_is_withdrawn(app: Flask, owner: Actor):
    script = a_script(app, owner)
    invited = script.post("settings/members/invite", {"email": "nora@example.com", "role": "viewer"}).json

    assert [one["email"] for one in script.get("settings/invitations").json["items"]] == ["nora@example.com"]

    script.post(f"settings/invitations/{invited['id']}/withdraw")

    assert script.get("settings/invitations").json["items"] == []


def test_a_mail_that_left_just_now_is_not_sent_again(app: Flask, owner: Actor):
    script = a_script(app, owner)
    invited = script.post("settings/members/invite", {"email": "nora@example.com", "role": "viewer"}).json

    answer = script.post(f"settings/invitations/{invited['id']}/resend")

    assert (answer.status_code, answer.json["sent"]) == (200, False)


def test_the_last_owner_is_not_removed_by_a_script_either(app: Flask, owner: Actor):
    script = a_script(app, owner)
    (only,) = script.get("settings/members").json["items"]

    answer = script.post(f"settings/members/{only['id']}/remove")

    assert (answer.status_code, answer.json["code"]) == (409, "last_owner")
    assert only["is_token_owner"]


def test_members_are_managed_with_the_scope_for_it_only(app: Flask, owner: Actor):
    script = a_script(app, owner, Scope.READ, Scope.SETTINGS)

    answer = script.post("settings/members/invite", {"email": "nora@example.com", "role": "viewer"})

    assert (answer.status_code, answer.json["code"]) == (403, "scope_missing")


def test_what_is_no_id_at_all_is_a_member_that_is_not_there(app: Flask, owner: Actor):
    answer = a_script(app, owner).post("settings/members/nobody/remove")

    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_the_table_of_roles_is_the_one_that_guards_read(app: Flask, owner: Actor):
    found = a_script(app, owner).get("settings/roles").json

    viewer = next(one for one in found["roles"] if one["role"] == Role.VIEWER)
    assert found["own_role"] == "owner"
    assert (viewer["permissions"], viewer["rights"]) == (["see"], ["view"])


def test_what_ends_with_a_member_is_told_before(app: Flask, owner: Actor):
    maker = a_member(tenant_of(owner), Role.KEY_MANAGER)
    pair = a_key(maker, name="Storefront")
    a_script(app, maker)

    told = a_script(app, owner).get(f"settings/members/{maker.membership_id}/blast-radius").json

    assert [token["name"] for token in told["tokens"]]
    assert [made["api_key"] for made in told["made"]] == [pair.api_key]
    assert (told["devices"], told["hand_offs_waiting"], told["signs"]) == ([], [], [])
