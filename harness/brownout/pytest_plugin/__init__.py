"""The pytest plugin: a suite's cells as test items, held to gates and to a stored baseline.

pytest loads `brownout.pytest_plugin.plugin` in every session, so that module imports nothing heavy; all others are
imported when a suite is collected, and torch when the first item needs results.
"""
