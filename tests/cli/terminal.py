"""A terminal for commands that ask."""

import os
import pty
import subprocess

from tests.cli.test_holder import COMMAND


def at_a_terminal(*words: str, typed: str) -> tuple[int, str, str]:
    """What became of the command, what it printed, and what was to be seen on the terminal."""
    ours, its = pty.openpty()
    with subprocess.Popen([*COMMAND, *words], stdin=its, stdout=subprocess.PIPE, stderr=its) as command:
        os.close(its)
        seen = b""
        while b": " not in seen:
            seen += os.read(ours, 1024)
        os.write(ours, f"{typed}\n".encode())
        assert command.stdout
        printed = command.stdout.read().decode()
        command.wait(60)
    try:
        while more := os.read(ours, 1024):
            seen += more
    except OSError:  # Linux says so when nobody is left at the other end
        pass
    os.close(ours)
    return command.returncode, printed, seen.decode()
