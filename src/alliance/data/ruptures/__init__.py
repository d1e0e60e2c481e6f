"""Ruptures told from the course of a score: what series without them look like, how far sessions are off, and what is marked."""
