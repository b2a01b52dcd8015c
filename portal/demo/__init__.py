"""The demo world: made-up companies with people, contracts, keys and a history, for trying the portal out."""
