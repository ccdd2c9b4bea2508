"""Data of one's own; see `brownout_datasets.files.factory`."""
