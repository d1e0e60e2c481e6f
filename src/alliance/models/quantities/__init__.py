"""What is computed from the parameters of a population: effects within and between units, conditional, accumulated, compared."""
