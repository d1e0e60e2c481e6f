"""The export as a team has it: files, cells and columns, turned into typed tables once."""
