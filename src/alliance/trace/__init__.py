"""From a number of the report back to the columns of the export, in at most five steps."""
