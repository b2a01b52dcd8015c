"""Gives `flask` the portal's commands."""

from flask import Flask

from portal.cli import (
    credentials,
    explaining,
    gateway,
    importing,
    keeping,
    kek,
    people,
    reasons,
    record,
    reviews,
    signing,
    starting,
    states,
)
from portal.cli.checking.command import check
from portal.cli.speaking import SpeakingGroup
from portal.cli.worker import worker

PORTAL = (
    starting.init, keeping.invite, keeping.add_tenant, keeping.add_contract, keeping.renew, keeping.signer,
    keeping.set_standing, people.disable, people.enable, importing.import_file, signing.signing_key,
    credentials.service_credential,
)  # fmt: skip
# They neither seal nor open, or are what helps when the key-encryption key is the wrong one.
WITHOUT_A_LOOK = (kek.kek, states.states, reasons.reasons, check)


def add_to(app: Flask) -> None:
    """`flask portal …`, `… audit …`, `… reviews …`, `… gateway …` and `… worker`. The demo has a command of its own."""
    portal = SpeakingGroup("portal", help="Start an instance, and keep it.")
    audit = SpeakingGroup("audit", help="The record of what happened.")
    evidence = SpeakingGroup("reviews", help="What reviews leave behind.")
    doors = SpeakingGroup("gateway", help="The door that the vendor's services ask.")
    for command in PORTAL:
        portal.add_command(kek.after_a_look(command))
    for command in WITHOUT_A_LOOK:
        portal.add_command(command)
    if app.config["PORTAL"].is_demo:
        portal.add_command(kek.after_a_look(starting.make_demo))
    audit.add_command(record.verify)
    evidence.add_command(reviews.verify)
    doors.add_command(explaining.explain)
    doors.add_command(gateway.probe)
    for command in (portal, audit, evidence, doors, kek.after_a_look(worker)):
        app.cli.add_command(command)
