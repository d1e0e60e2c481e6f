"""Files of a run: read what users give, write results so that a half-written file is never taken for a result."""
