"""Missing cells as unknowns of a joint model: which they are, how they enter its rows, and completed data."""
