"""Engines, which separate segments of the mixture into stems, and the runtimes that compute them."""
