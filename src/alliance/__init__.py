"""Is the working alliance a mediator of change? From session-level data to a report."""
