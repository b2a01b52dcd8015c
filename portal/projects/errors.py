"""Refusals of projects, data spaces and installations."""

from portal.foundation.errors import Conflict, Denied, Invalid
from portal.foundation.marking import N_


class ProjectNameTaken(Invalid):
    code = "project_name_taken"
    sentence = N_("There is a project named “%(name)s” in this account already.")


class DataSpaceNameTaken(Invalid):
    code = "data_space_name_taken"
    sentence = N_("There is a data space named “%(name)s” in this project already.")


class AllotmentUsedUp(Conflict):
    code = "allotment_used_up"
    sentence = N_("The contract for %(edition)s includes %(granted)s projects, and %(used)s are in use.")
    mend = N_("Ask for more projects on the page of projects; the vendor's partner admin decides.")


class ContractWithoutProjects(Conflict):
    code = "contract_without_projects"
    sentence = N_("An integrator agreement includes no projects of its own.")
    mend = N_("Work in a client's projects, or ask the vendor's partner admin for a contract of your own.")


class NoContractWithProjects(Conflict):
    code = "no_contract_with_projects"
    sentence = N_("No running contract of this account includes projects.")
    mend = N_("The vendor's partner admin can record a contract, or renew one that is over.")


class NotAllProjects(Denied):
    code = "delegation_not_for_all_projects"
    sentence = N_("Your delegation is for certain projects, so it does not let you create another.")
    mend = N_("An owner of the client's account can create the project, or widen the delegation to all projects.")


class SideOutsideReach(Denied):
    code = "side_outside_reach"
    sentence = N_("Your delegation does not reach the %(side)s side.")
    mend = N_("An owner of the client's account can do it, or widen the delegation.")


class CloudProjectUnfit(Invalid):
    code = "cloud_project_unfit"
    sentence = N_("A cloud project's id has 1 to 64 letters, digits, hyphens and underscores.")


class ServiceNotEntitled(Denied):
    code = "service_not_entitled"
    sentence = N_("%(service)s is not among the services that this account may use now.")
    mend = N_("The vendor's partner admin can record a contract that includes it.")


class SpaceOccupied(Conflict):
    code = "data_space_occupied"
    sentence = N_("The installation “%(installation)s” uses this data space. A data space holds one shop's data only.")
    mend = N_("Choose another data space, or detach that installation first.")


class InstallationDetached(Conflict):
    code = "installation_detached"
    sentence = N_("The installation “%(installation)s” is detached already.")


class TypedNameDiffers(Invalid):
    code = "typed_name_differs"
    sentence = N_("This is not the installation's name. Type it exactly as it stands here: %(name)s")


class AddressMissing(Invalid):
    code = "address_missing"
    sentence = N_("Give the shop's address, such as https://shop.example.com.")


class AddressTooLong(Invalid):
    code = "address_too_long"
    sentence = N_("An address has at most %(longest)s characters; this one has %(length)s.")


class AddressNotWeb(Invalid):
    code = "address_not_web"
    sentence = N_("Give an address that begins with https:// or http://, or only the shop's host name.")


class AddressHasSecrets(Invalid):
    code = "address_has_sign_in"
    sentence = N_("Leave the user name and password out of the address: they would be shown to all members.")


class AddressHasQuery(Invalid):
    code = "address_has_query"
    sentence = N_("Leave out everything from the first “?” or “#” on.")


class AddressNotAHost(Invalid):
    code = "address_not_a_host"
    sentence = N_("“%(host)s” is not a host name or an IP address.")


class SpaceNotSurplus(Conflict):
    code = "data_space_not_surplus"
    sentence = N_("The data space “%(space)s” lies within the allotment, so there is nothing to decide.")


class SpaceLetGo(Conflict):
    code = "data_space_let_go"
    sentence = N_("The data space “%(space)s” was let go when the edition changed: no further shop starts to use it.")
    mend = N_("Choose another data space; the vendor's partner admin can keep this one as an exception.")
