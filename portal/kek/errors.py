"""Why the portal does not begin with the key-encryption keys it has."""

from portal.foundation.errors import PortalError
from portal.foundation.marking import N_


class KekMissing(PortalError):
    """Values in the database are sealed under a KEK that is neither `KEK` nor in `KEK_OTHERS`."""

    code = "kek_missing"
    status = 503
    sentence = N_(
        "KEK has the key id %(key_id)s, but what the database holds sealed under %(missing)s does not open with it "
        "(values: %(values)s)."
    )
    mend = N_(
        "Give the key-encryption key with that id as KEK, or in KEK_OTHERS while you rotate. "
        "If it is lost for good, name its id in KEK_LOST: docs/running.md says what is lost with it."
    )
