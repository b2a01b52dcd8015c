"""SaaS projects, their data spaces, and the installation that uses each. Knows nothing of keys."""
