"""The engine: a plan of nodes, each computed once, and the workers that compute them."""
