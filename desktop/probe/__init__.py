"""Strangers' tags and pictures are looked at in a process of their own: what it dies of, nothing else dies of."""
