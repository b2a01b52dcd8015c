"""Pages that decide about installations which were discovered, and how use is told on other pages."""
