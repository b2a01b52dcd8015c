"""The door for people: pages, one folder per room; sessions, guards, errors and filters."""
