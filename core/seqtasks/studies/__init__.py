"""A study: experiments x seeds, run, recorded, resumed and told of in one table.

The modules in their order: `settings` has the experiments of a study and its numbered points;
`study_record` writes and reads `study.json`; `lines` has the shape of a line of `runs.jsonl`, one
for each run that has ended; `directory` is the folder; `collected` keeps the lines of a setting as
columns; `outcomes` hands them out as arrays.
"""
