"""Jobs: the library's database, with one row for each track to separate."""
