"""The separation pipeline, from mixture to stems; the only package that may import torch."""
