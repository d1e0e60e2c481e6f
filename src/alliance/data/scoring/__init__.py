"""From cleaned answers to scores: scales by their instruments, categories, composites, and how reliable they are."""
