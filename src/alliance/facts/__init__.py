"""Facts that are declared once: whoever needs one asks here, and nobody writes it down again."""
