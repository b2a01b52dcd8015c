"""Debian's packages, and nothing else's: what tests and scans need beside the Python environment."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any

from environment import NotReady, tell

APT_GET = ("apt-get", "install", "-y", "--no-install-recommends")
# The tests start servers of their own. Those of the system stay down: systemctl starts nothing when told that it is
# offline, and nothing is to be started in runlevel 1, which a machine without systemd looks at.
NO_SERVICES = {"DEBIAN_FRONTEND": "noninteractive", "SYSTEMD_OFFLINE": "1", "RUNLEVEL": "1"}


def have(packages: Sequence[str], programs: Sequence[str], more: str = "", *, services: Sequence[str] = ()) -> None:
    """Have Debian's packages installed: by root at once, by others not at all. Raises: NotReady.

    programs: what has to be on the PATH of another system instead; more: what else that needs, in words. services:
    which of the packages start a server, and are kept from it.
    """
    if not shutil.which("dpkg-query"):
        if not all(map(shutil.which, programs)):
            besides = f", {more}" if more else ""
            raise NotReady(f"This is not Debian: put {', '.join(programs)} on the PATH{besides}.")
        return
    missing = [package for package in packages if not installed(package)]
    if not missing:
        return
    install = [*APT_GET, *missing]
    if os.geteuid():
        raise NotReady(f"Debian packages are missing; as root: apt-get update && {' '.join(install)}")
    tell(f"Installing {', '.join(missing)}")
    # What the machine knows of Debian's archive is often nothing, or too old: then one update helps.
    for command in (install, ["apt-get", "update"], install):
        apt = subprocess.run(command, env=os.environ | NO_SERVICES, **quietly())
        if apt.returncode == 0 and command is install:
            keep_down([name for name in services if name in missing])
            return
    raise NotReady(f"apt-get could not install {', '.join(missing)}: {apt.stdout.strip()[-2000:]}")


def keep_down(services: list[str]) -> None:
    """Have services that were installed just now stay down at the machine's next start, too."""
    systemctl = shutil.which("systemctl")
    if services and systemctl:
        subprocess.run([systemctl, "disable", *services], env=os.environ | NO_SERVICES, **quietly())


def installed(package: str) -> bool:
    ask = ["dpkg-query", "--show", "--showformat=${db:Status-Status}", package]
    query = subprocess.run(ask, **quietly())
    return query.stdout == "installed"


def quietly() -> dict[str, Any]:
    return {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
