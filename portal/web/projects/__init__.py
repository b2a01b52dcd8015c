"""Pages of projects, data spaces and installations, and of requests for more."""
