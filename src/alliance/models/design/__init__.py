"""What a likelihood sees of a declared model: terms, the columns they become, and the arrays of every equation."""
