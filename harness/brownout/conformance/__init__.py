"""The conformance kit: what every component of a kind must hold, as checks that anybody can run."""
