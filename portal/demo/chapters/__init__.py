"""The chapters of the demo's story, one for each company and one for how they all began."""
