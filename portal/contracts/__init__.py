"""Licences, partner contracts and integrator agreements; editions and services; signers and deputies."""
