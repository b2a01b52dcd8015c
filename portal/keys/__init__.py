"""Key pairs: intents, proof of possession, issue, rename, revoke. A private half is never kept."""
