"""Metrics of a cell's predictions and summaries of a method's cells."""
