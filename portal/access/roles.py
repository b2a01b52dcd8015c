"""Who may do what (design 2.1). Guards, operations, the roles page and the tests all read these tables."""

from enum import StrEnum

from portal.foundation.marking import N_


class Environment(StrEnum):
    """Which side a key and a data space belong to; it does not name the shop's own servers."""

    SANDBOX = "sandbox"
    PRODUCTION = "production"


class Role(StrEnum):
    """What a person is in one tenant; the last two exist in the vendor tenant only."""

    OWNER = "owner"
    KEY_MANAGER = "key_manager"
    DEVELOPER = "developer"
    VIEWER = "viewer"
    PARTNER_ADMIN = "partner_admin"
    OPERATOR = "operator"


class Right(StrEnum):
    """What an owner lets an integrator do."""

    VIEW = "view"
    KEYS = "keys"
    PROJECTS = "projects"
    INSTALLATIONS = "installations"


class Permission(StrEnum):
    """One kind of act, as guards and operations name it."""

    SEE = "see"
    KEY_MAKE = "key.make"
    KEY_ROTATE = "key.rotate"
    KEY_RENAME = "key.rename"
    KEY_REVOKE = "key.revoke"
    HAND_OFF = "hand_off"
    DELEGATION_OFFER = "delegation.offer"
    DELEGATION_CHANGE = "delegation.change"
    DELEGATION_PAUSE = "delegation.pause"
    DELEGATION_END = "delegation.end"
    PROJECT_CHANGE = "project.change"
    INSTALLATION_CHANGE = "installation.change"
    MEMBERS_MANAGE = "members.manage"
    SETTINGS_MANAGE = "settings.manage"
    POLICY_CHANGE = "policy.change"
    SIGNER_PROPOSE = "signer.propose"
    TENANT_OPEN = "tenant.open"
    STANDING_CHANGE = "standing.change"
    CONTRACT_CHANGE = "contract.change"
    REQUEST_DECIDE = "request.decide"
    CONSOLE_SEE = "console.see"
    REVIEW_KEEP = "review.keep"
    REVIEW_ANSWER = "review.answer"
    IMPORT = "tenants.import"
    LOOK_IN = "look_in"
    CREDENTIAL_KEEP = "credential.keep"
    PERSON_KEEP = "person.keep"


class Scope(StrEnum):
    """What a personal token may be used for; never more than its person may do."""

    READ = "read"
    KEYS = "keys"
    PRODUCTION_KEYS = "keys:production"
    HAND_OFFS = "hand_offs"
    DELEGATIONS = "delegations"
    PROJECTS = "projects"
    INSTALLATIONS = "installations"
    MEMBERS = "members"
    SETTINGS = "settings"
    REVIEWS = "reviews"
    TENANTS = "tenants"
    CONTRACTS = "contracts"
    CREDENTIALS = "credentials"


TENANT_ROLES = (Role.OWNER, Role.KEY_MANAGER, Role.DEVELOPER, Role.VIEWER)
VENDOR_ROLES = (Role.PARTNER_ADMIN, Role.OPERATOR)

_KEYS = frozenset({Permission.KEY_MAKE, Permission.KEY_ROTATE, Permission.KEY_RENAME, Permission.KEY_REVOKE})
_PROJECTS = frozenset({Permission.PROJECT_CHANGE, Permission.INSTALLATION_CHANGE})
_SEE = frozenset({Permission.SEE})

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: _SEE
    | _KEYS
    | _PROJECTS
    | {
        Permission.HAND_OFF,
        Permission.DELEGATION_OFFER,
        Permission.DELEGATION_CHANGE,
        Permission.DELEGATION_PAUSE,
        Permission.DELEGATION_END,
        Permission.MEMBERS_MANAGE,
        Permission.SETTINGS_MANAGE,
        Permission.POLICY_CHANGE,
        Permission.REVIEW_ANSWER,
        Permission.SIGNER_PROPOSE,
    },
    Role.KEY_MANAGER: _SEE
    | _KEYS
    | {
        Permission.HAND_OFF,
        Permission.DELEGATION_PAUSE,
        Permission.DELEGATION_END,
        Permission.REVIEW_ANSWER,
    },
    Role.DEVELOPER: _SEE | _PROJECTS,
    Role.VIEWER: _SEE,
    Role.PARTNER_ADMIN: _SEE
    | {
        Permission.CONSOLE_SEE,
        Permission.LOOK_IN,
        Permission.TENANT_OPEN,
        Permission.STANDING_CHANGE,
        Permission.CONTRACT_CHANGE,
        Permission.REQUEST_DECIDE,
        Permission.MEMBERS_MANAGE,
        Permission.POLICY_CHANGE,
        Permission.REVIEW_KEEP,
        Permission.IMPORT,
        Permission.CREDENTIAL_KEEP,
    },
    Role.OPERATOR: _SEE
    | {
        Permission.CONSOLE_SEE,
        Permission.LOOK_IN,
        Permission.TENANT_OPEN,
        Permission.MEMBERS_MANAGE,
        Permission.PERSON_KEEP,
        Permission.POLICY_CHANGE,
    },
}

# What the signer of a partner contract, or a deputy inside the dates, may do whatever the role says.
SIGNER_PERMISSIONS = _KEYS

# What an account may ask a second factor for. For the vendor's staff it is what starts and stops keys of others. Who
# falls short of the policy may not switch it off either.
KEY_RIGHTS = _KEYS | {
    Permission.HAND_OFF,
    Permission.DELEGATION_OFFER,
    Permission.DELEGATION_CHANGE,
    Permission.DELEGATION_PAUSE,
    Permission.DELEGATION_END,
    Permission.CREDENTIAL_KEEP,
    Permission.CONTRACT_CHANGE,
    Permission.STANDING_CHANGE,
    Permission.POLICY_CHANGE,
}

RIGHT_GIVES: dict[Right, frozenset[Permission]] = {
    Right.VIEW: _SEE,
    Right.KEYS: _KEYS,
    Right.PROJECTS: frozenset({Permission.PROJECT_CHANGE}),
    Right.INSTALLATIONS: frozenset({Permission.INSTALLATION_CHANGE}),
}

# In the integrator's own tenant: who may use which right of a delegation.
ROLE_USES: dict[Role, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.KEY_MANAGER: frozenset({Right.VIEW, Right.KEYS}),
    Role.DEVELOPER: frozenset({Right.VIEW, Right.PROJECTS, Right.INSTALLATIONS}),
    Role.VIEWER: frozenset({Right.VIEW}),
}

# What a token of this scope may do, within what its person may do. Looking into a tenant, what takes somebody's
# sign-in, and saying how people prove who they are, is for people only.
SCOPE_GIVES: dict[Scope, frozenset[Permission]] = {
    Scope.READ: frozenset({Permission.SEE, Permission.CONSOLE_SEE}),
    Scope.KEYS: _KEYS,
    # The same acts, on production key pairs: the door for scripts asks for this one there.
    Scope.PRODUCTION_KEYS: _KEYS,
    Scope.HAND_OFFS: frozenset({Permission.HAND_OFF}),
    Scope.DELEGATIONS: frozenset(
        {
            Permission.DELEGATION_OFFER,
            Permission.DELEGATION_CHANGE,
            Permission.DELEGATION_PAUSE,
            Permission.DELEGATION_END,
        }
    ),
    Scope.PROJECTS: frozenset({Permission.PROJECT_CHANGE}),
    Scope.INSTALLATIONS: frozenset({Permission.INSTALLATION_CHANGE}),
    Scope.MEMBERS: frozenset({Permission.MEMBERS_MANAGE}),
    Scope.SETTINGS: frozenset({Permission.SETTINGS_MANAGE, Permission.SIGNER_PROPOSE}),
    Scope.REVIEWS: frozenset({Permission.REVIEW_ANSWER, Permission.REVIEW_KEEP}),
    Scope.TENANTS: frozenset({Permission.TENANT_OPEN, Permission.STANDING_CHANGE, Permission.IMPORT}),
    Scope.CONTRACTS: frozenset({Permission.CONTRACT_CHANGE, Permission.REQUEST_DECIDE}),
    Scope.CREDENTIALS: frozenset({Permission.CREDENTIAL_KEEP}),
}

# An inviter never gives more than it has; a key manager or developer invites nobody.
MAY_GIVE: dict[Role, frozenset[Role]] = {
    Role.OWNER: frozenset(TENANT_ROLES),
    Role.PARTNER_ADMIN: frozenset({Role.PARTNER_ADMIN}),
    Role.OPERATOR: frozenset({Role.OPERATOR}),
}

ROLE_NAMES: dict[Role, str] = {
    Role.OWNER: N_("Owner"),
    Role.KEY_MANAGER: N_("Key manager"),
    Role.DEVELOPER: N_("Developer"),
    Role.VIEWER: N_("Viewer"),
    Role.PARTNER_ADMIN: N_("Partner admin"),
    Role.OPERATOR: N_("Operator"),
}

RIGHT_NAMES: dict[Right, str] = {
    Right.VIEW: N_("See keys, projects and installations"),
    Right.KEYS: N_("Make, rotate, rename and revoke its own key pairs"),
    Right.PROJECTS: N_("Create and rename projects and data spaces"),
    Right.INSTALLATIONS: N_("Name, attach and detach installations"),
}

PERMISSION_NAMES: dict[Permission, str] = {
    Permission.SEE: N_("See keys, projects, integrators and activity"),
    Permission.KEY_MAKE: N_("Make key pairs"),
    Permission.KEY_ROTATE: N_("Rotate key pairs"),
    Permission.KEY_RENAME: N_("Rename key pairs"),
    Permission.KEY_REVOKE: N_("Revoke key pairs"),
    Permission.HAND_OFF: N_("Hand private keys and tickets over, and take them"),
    Permission.DELEGATION_OFFER: N_("Offer or request a delegation"),
    Permission.DELEGATION_CHANGE: N_("Approve, narrow, resume and widen delegations"),
    Permission.DELEGATION_PAUSE: N_("Pause delegations"),
    Permission.DELEGATION_END: N_("End delegations"),
    Permission.PROJECT_CHANGE: N_("Create and rename projects and data spaces"),
    Permission.INSTALLATION_CHANGE: N_("Name, attach and detach installations"),
    Permission.MEMBERS_MANAGE: N_("Invite and remove members, change roles"),
    Permission.SETTINGS_MANAGE: N_("Change the account's settings and request code"),
    Permission.POLICY_CHANGE: N_("Decide whether rights over keys need a second factor"),
    Permission.SIGNER_PROPOSE: N_("Propose another signer of a partner contract"),
    Permission.TENANT_OPEN: N_("Open accounts"),
    Permission.STANDING_CHANGE: N_("Change an account's standing"),
    Permission.CONTRACT_CHANGE: N_("Make and end contracts"),
    Permission.REQUEST_DECIDE: N_("Decide what tenants ask for"),
    Permission.CONSOLE_SEE: N_("See all tenants, contracts, entitlements and who holds access"),
    Permission.REVIEW_KEEP: N_("Keep reviews: make, decide and close them"),
    Permission.REVIEW_ANSWER: N_("Say in a review whether a delegation is still needed"),
    Permission.IMPORT: N_("Import accounts and contracts from a file"),
    Permission.LOOK_IN: N_("Read a tenant's own pages for a while, with a reason and the tenant's notice"),
    Permission.CREDENTIAL_KEEP: N_("Issue, rotate and revoke service credentials"),
    Permission.PERSON_KEEP: N_("Disable and enable people's sign-ins, and help who lost the second step"),
}

SCOPE_NAMES: dict[Scope, str] = {
    Scope.READ: N_("See what its person sees"),
    Scope.KEYS: N_("Make, rotate, rename and revoke sandbox key pairs"),
    Scope.PRODUCTION_KEYS: N_("Make, rotate, rename and revoke production key pairs"),
    Scope.HAND_OFFS: N_("Hand private keys and tickets over, and take them"),
    Scope.DELEGATIONS: N_("Offer, approve, narrow, widen, pause and end delegations"),
    Scope.PROJECTS: N_("Create and rename projects and data spaces"),
    Scope.INSTALLATIONS: N_("Name, attach and detach installations"),
    Scope.MEMBERS: N_("Invite and remove members, change roles"),
    Scope.SETTINGS: N_("Change the account's settings, request code and proposed signers"),
    Scope.REVIEWS: N_("Keep and answer reviews"),
    Scope.TENANTS: N_("Open and import accounts, change their standing"),
    Scope.CONTRACTS: N_("Make and end contracts, decide what tenants ask for"),
    Scope.CREDENTIALS: N_("Issue, rotate and revoke service credentials"),
}

ENVIRONMENT_NAMES: dict[Environment, str] = {
    Environment.SANDBOX: N_("Sandbox"),
    Environment.PRODUCTION: N_("Production"),
}


ROLES_WITH_KEY_RIGHTS = tuple(role for role in Role if PERMISSIONS[role] & KEY_RIGHTS)


def through_delegation(role: Role, rights: frozenset[Right]) -> frozenset[Permission]:
    """What a person with `role` in the integrator's tenant may do in the client's, under a delegation of `rights`."""
    usable = rights & ROLE_USES.get(role, frozenset())
    return frozenset().union(*(RIGHT_GIVES[right] for right in usable))


def given_by(scopes: frozenset[Scope]) -> frozenset[Permission]:
    """What a token of these scopes may do at most. Every token reads, whatever its scopes."""
    return frozenset().union(*(SCOPE_GIVES[scope] for scope in scopes | {Scope.READ}))


def scopes_for(permission: Permission) -> list[Scope]:
    """The scopes that give this permission; any of them is enough."""
    return [scope for scope in Scope if permission in SCOPE_GIVES[scope]]


def scopes_within(permissions: frozenset[Permission]) -> frozenset[Scope]:
    """The scopes of which somebody with these permissions has any use."""
    return frozenset(scope for scope in Scope if SCOPE_GIVES[scope] & permissions)
