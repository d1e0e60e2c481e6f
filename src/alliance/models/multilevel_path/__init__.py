"""Joint multilevel path models."""
