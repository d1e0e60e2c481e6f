"""The report of a run: sections declared in `sections.yaml`, filled with sentences, figures, tables and provenance."""
