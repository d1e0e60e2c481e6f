"""Do the engines find what is true? Simulated studies with a known truth, fitted many times over, and the calibration of posteriors."""
