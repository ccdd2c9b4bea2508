"""Plain fusion strategies: unimodal, mean, confidence mean, statistical, concatenation."""
