"""Components for the tests of the engine."""
