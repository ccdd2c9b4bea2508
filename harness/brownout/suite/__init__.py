"""Suite files: their schema, their validation, and the conditions that a protocol stands for."""

from brownout.suite.load import load_suite, parse_suite
from brownout.suite.schema import Suite

__all__ = ["Suite", "load_suite", "parse_suite"]
