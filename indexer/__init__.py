"""Indexing and searching company profiles written in Markdown."""
