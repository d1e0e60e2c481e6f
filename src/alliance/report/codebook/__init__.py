"""The codebook of a study: what each variable was understood to be, as a table, on the terminal and as a page."""
