"""From draws to what is known: estimates, diagnostics, comparisons."""
