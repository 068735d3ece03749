"""A track in segments: where they lie, how they are put together again, and where finished ones are kept."""
