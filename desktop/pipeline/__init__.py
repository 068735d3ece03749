"""Mixture in, stems out. The only place that may import torch."""
