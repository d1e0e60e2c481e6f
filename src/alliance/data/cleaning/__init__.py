"""Declared cleaning rules: pure functions from the mapped export to the clean tables, with a count for each rule."""
