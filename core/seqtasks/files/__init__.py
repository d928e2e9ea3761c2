"""Read strangers' files with care; write our own whole or not at all.

    validation        describe the shape that data must have; name the field that differs
    json_text         strict JSON: no NaN, no infinity, no control characters, no repeated key
    atomic            write to a temporary name, fsync, rename; read regular files of bounded size
    outputs           refuse a file that could not be written, before the work
    paths             tell a path from what is none
    critical_section  hold a signal back while a checkpoint is written

This package knows neither tasks nor runs. The shapes of a run's files are in
`experiments.schemas`.
"""
