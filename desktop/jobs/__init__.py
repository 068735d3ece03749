"""Jobs: one track to separate is one row."""
