"""A page to look at: one self-contained file about a run, a study or a folder of runs."""
