"""Simulated studies with a known truth: people, sessions, items, and the dirt of an export."""
