"""The example study: one world, seen through questionnaires, ratings and dates, and the dirt of an export."""
