"""Datasets of Brownout; `brownout_datasets.in_memory` holds what they are built from."""
