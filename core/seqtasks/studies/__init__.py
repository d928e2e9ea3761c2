"""A study: experiments x seeds, run, recorded, resumed and told of in one table.

The modules in their order: `settings` has one experiment of a study and the numbered points that it
trains; `outcomes` has what became of the seeds of a setting, as arrays.
"""
