"""Controls, one of each."""
