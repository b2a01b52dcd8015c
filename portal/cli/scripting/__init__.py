"""`portal …`: what scripts and people at a terminal do in the portal, with a token, by the API."""
