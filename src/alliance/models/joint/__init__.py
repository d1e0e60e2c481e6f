"""What the joint families share: the arrays of a diagram, its parameters in raw units, and the effects derived from them."""
