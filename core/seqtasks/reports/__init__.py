"""A page to look at: one self-contained file about a run, a study or a folder of runs.

The modules in their order. `extras` says what must be installed, and `charts` draws. `page_setting`
has a setting of a study as a page shows it, and `run_states` says what became of its runs; from
these, `study_tables`, `study_charts` and `study_data` make the parts of `study_page`;
`still_pictures` stand there if no scripts run. `run_said`
reads the files of a run, `run_answers`, `run_engine` and `repeat` ask its model and its experiment,
and `run_page` puts them together. `folder_page` has the runs and studies of a folder.
`chart_scripts` is the JavaScript that draws the charts, `render` fills the templates with all of
it, and `report` makes the page of anything.
"""
