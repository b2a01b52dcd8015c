"""One account, as a script works in it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from portal.client.things import DataSpace, Delegation, KeyPair, MadeIntent, Project

if TYPE_CHECKING:
    from portal.client.portal import Portal


class Account:
    """One's own account, or a client's that one works in. All calls raise: Refused, Unreachable."""

    def __init__(self, portal: "Portal", account_id: str) -> None:
        self.id = account_id
        self._portal = portal

    @property
    def portal_url(self) -> str:
        """The portal's address, as it was called."""
        return self._portal.url

    def projects(self, name: str = "") -> Iterator[Project]:
        """The projects by name; name: how it begins."""
        return map(Project.of, self._all("projects", q=name))

    def project(self, project_id: str) -> Project:
        return Project.of(self._get("projects", project_id))

    def new_project(self, name: str, contract: str) -> Project:
        """A new project with the data spaces that its contract's edition includes."""
        return Project.of(self._post("projects", body={"name": name, "contract": contract}))

    def rename_project(self, project: Project, name: str) -> Project:
        """Raises: ChangedMeanwhile besides."""
        return Project.of(self._post("projects", project.id, "rename", body={"name": name}, version=project.version))

    def rename_data_space(self, space: DataSpace, name: str) -> DataSpace:
        """Raises: ChangedMeanwhile besides."""
        return DataSpace.of(self._post("data-spaces", space.id, "rename", body={"name": name}, version=space.version))

    def contracts(self) -> Iterator[dict[str, Any]]:
        """The account's contracts, as the portal tells them; to the account's own people."""
        return self._all("contracts")

    def contracts_for_keys(self) -> list[str]:
        """The ids of the contracts under which one may make a key pair now; Refused says why there is none."""
        return [one["id"] for one in self._all("keys", "contracts")]

    def contracts_for_projects(self) -> list[str]:
        """The ids of the running contracts that include projects."""
        return [one["contract"] for one in self._all("allotments")]

    def keys(self, environment: str = "") -> Iterator[KeyPair]:
        """The key pairs, newest first; environment: `sandbox` or `production`, or "" for both."""
        return map(KeyPair.of, self._all("keys", environment=environment))

    def key(self, api_key: str) -> KeyPair:
        return KeyPair.of(self._get("keys", api_key))

    def begin_key(self, name: str, environment: str, contract: str, public_pem: str) -> MadeIntent:
        """A key pair that was begun: its private key, which stays where it is, has to sign the message."""
        body = {"name": name, "environment": environment, "contract": contract, "public_key": public_pem}
        return MadeIntent.of(self._post("keys", body=body))

    def prove_key(self, intent: MadeIntent, signature: str) -> KeyPair:
        """The key pair, in service. signature: in base64, RSASSA-PKCS1-v1_5 with SHA-256."""
        return KeyPair.of(self._post("keys", "making", intent.id, "proof", body={"signature": signature}))

    def begin_rotation(
        self, api_key: str, public_pem: str, *, overlap_hours: int, ending: str, name: str = ""
    ) -> MadeIntent:
        """A successor that was begun. ending: `held` or `hard`; name: the old pair's, unless told."""
        body = {"name": name or None, "public_key": public_pem, "overlap_hours": overlap_hours, "ending": ending}
        return MadeIntent.of(self._post("keys", api_key, "rotate", body=body))

    def rename_key(self, pair: KeyPair, name: str) -> KeyPair:
        """Raises: ChangedMeanwhile besides."""
        return KeyPair.of(self._post("keys", pair.api_key, "rename", body={"name": name}, version=pair.version))

    def revoke_key(self, api_key: str, typed_name: str = "") -> KeyPair:
        """The pair, which opens nothing any more. typed_name: its name, needed in production."""
        return KeyPair.of(self._post("keys", api_key, "revoke", body={"typed_name": typed_name}))

    def blast_radius_of_key(self, api_key: str) -> dict[str, Any]:
        """What revoking the pair would stop."""
        return self._get("keys", api_key, "blast-radius")

    def given(self) -> Iterator[Delegation]:
        """The delegations and tickets that this account gives."""
        return map(Delegation.of, self._all("integrators"))

    def taken(self) -> Iterator[Delegation]:
        """The delegations and tickets that this account was given."""
        return map(Delegation.of, self._all("clients"))

    def offer(
        self,
        integrator: str,
        *,
        environments: Sequence[str],
        rights: Sequence[str],
        projects: Sequence[str] | None,
        last_day: str,
        message: str = "",
    ) -> Delegation:
        """A delegation that is offered. projects: ids, or None for all of them; last_day: YYYY-MM-DD."""
        body = {
            "account_id": integrator,
            "environments": list(environments),
            "rights": list(rights),
            "projects": None if projects is None else list(projects),
            "last_day": last_day,
            "message": message,
        }
        return Delegation.of(self._post("integrators", "offer", body=body))

    def narrow(
        self,
        delegation: Delegation,
        *,
        environments: Sequence[str],
        rights: Sequence[str],
        projects: Sequence[str] | None,
        last_day: str,
    ) -> Delegation:
        """The delegation with less than it had, at once. Raises: ChangedMeanwhile besides."""
        body = {
            "environments": list(environments),
            "rights": list(rights),
            "projects": None if projects is None else list(projects),
            "last_day": last_day,
        }
        return Delegation.of(self._post("integrators", delegation.id, "narrow", body=body, version=delegation.version))

    def act_on(self, delegation: Delegation, act: str) -> Delegation:
        """The delegation after `accept`, `decline`, `withdraw`, `pause`, `resume` or `end` by this account's side."""
        where = "integrators" if delegation.side == "owner" else "clients"
        return Delegation.of(self._post(where, delegation.id, act))

    def blast_radius_of(self, delegation: Delegation) -> dict[str, Any]:
        """What pausing or ending the delegation would stop."""
        where = "integrators" if delegation.side == "owner" else "clients"
        return self._get(where, delegation.id, "blast-radius")

    def _get(self, *parts: str) -> dict[str, Any]:
        return self._portal.get(self._path(*parts))

    def _all(self, *parts: str, **query: str) -> Iterator[dict[str, Any]]:
        return self._portal.all(self._path(*parts), **query)

    def _post(self, *parts: str, body: dict[str, Any] | None = None, version: int | None = None) -> dict[str, Any]:
        return self._portal.post(self._path(*parts), body, version=version)

    def _path(self, *parts: str) -> str:
        return "/".join(quote(part, safe="") for part in (self.id, *parts))
