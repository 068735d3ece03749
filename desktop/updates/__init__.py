"""Whether there is a newer Unbraid: a signed list, asked for only when the user allows it. No Qt."""
