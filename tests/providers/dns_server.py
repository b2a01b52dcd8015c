"""A small DNS server on this machine, by UDP: the TXT records that a test puts there, and bad manners."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


@dataclass
class Zone:
    """What stands in the DNS: texts by name. `rcode` is what every question is answered with; `mute` answers none."""

    port: int = 0
    texts: dict[str, list[str]] = field(default_factory=dict)
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR
    mute: bool = False
    asked: list[str] = field(default_factory=list)

    def answer(self, wire: bytes) -> bytes | None:
        question = dns.message.from_wire(wire)
        name = question.question[0].name.to_text().rstrip(".").lower()
        self.asked.append(name)
        if self.mute:
            return None
        reply = dns.message.make_response(question)
        reply.flags |= dns.flags.RA
        texts = self.texts.get(name)
        reply.set_rcode(self.rcode if texts or self.rcode else dns.rcode.NXDOMAIN)
        if texts and not self.rcode:
            reply.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", "TXT", *map(_quoted, texts)))
        return reply.to_wire()


def _quoted(text: str) -> str:
    return " ".join(f'"{text[start : start + 255]}"' for start in range(0, len(text), 255))


@contextmanager
def serving_dns() -> Iterator[Zone]:
    """A server, for as long as the block lasts."""
    zone = Zone()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind(("127.0.0.1", 0))
        zone.port = door.getsockname()[1]

        def serve() -> None:
            while True:
                wire, who = door.recvfrom(4096)
                if not wire:
                    return
                if (said := zone.answer(wire)) is not None:
                    door.sendto(said, who)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield zone
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closer:
                closer.sendto(b"", ("127.0.0.1", zone.port))
            thread.join()
