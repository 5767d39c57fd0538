"""Numbers about arrays, with neither a network nor a report in sight: what is measured, and what noise would give."""
