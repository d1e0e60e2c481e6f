"""What a reader must know of a fit: what its design can tell, what its priors say, and whether what it generates looks like the data."""
