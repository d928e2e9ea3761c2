"""A study: experiments x seeds, run, recorded, resumed and told of in one table.

The modules in their order: `settings` has the experiments of a study and its numbered points;
`values` reads the values that fields shall have, `plan` makes experiments and points of them, and
`labels` says in what they differ;
`study_record` writes and reads `study.json`; `lines` has the shape of a line of `runs.jsonl`, one
for each run that has ended; `directory` is the folder; `collected` keeps the lines of a setting as
columns; `outcomes` hands them out as arrays. From there on everything is a function of outcomes:
`measures` has a number for each run; `summary` has the numbers of a setting, as `result.json` holds
them; `curves` has what pictures draw.
"""
