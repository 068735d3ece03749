"""What went wrong by our own fault is written into reports in the library's logs. They stay there: nothing sends them."""
