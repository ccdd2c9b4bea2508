"""The command line: one verb, one module."""

from brownout.cli.main import main

__all__ = ["main"]
