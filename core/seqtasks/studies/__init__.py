"""A study: experiments x seeds, run, recorded, resumed and told of in one table.

    settings, outcomes     one experiment of a study; what became of its seeds, as arrays
"""
