"""Is what was granted still needed? Campaigns freeze a list, people decide line by line, closing leaves evidence."""
