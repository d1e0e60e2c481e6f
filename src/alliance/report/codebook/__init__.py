"""The codebook of a study: what each variable was understood to be, found out from its export, and shown on a terminal."""
