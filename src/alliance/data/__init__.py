"""From an export as it is to the panel: read, checked, cleaned, scored, aligned."""
