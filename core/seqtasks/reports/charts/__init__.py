"""Charts of studies and runs, as `altair` objects: for a page, and for a notebook.

The modules in their order: `theme` has the colours, dashes and marks; `thinning` chooses what is
drawn of many numbers; `learning`, `solving`, `lengths` and `pairs` make one kind of chart each.
"""
