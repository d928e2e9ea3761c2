"""Pages of a gallery: one of each task and cell, in Markdown, made from the registry.

    command              `seqtasks gallery`: choose the things, write the pages
    pages                the pages of some things, and the first page
    task_page, cell_page one page, from the description that `seqtasks show` prints
    pictures             a worked example as a picture
    measured             results that a page or a folder of runs holds
    speeds               training steps of cells, measured and kept
    markdown             paragraphs, tables and text in Markdown

`cli.description` finds what a name stands for; nothing is looked up twice here.
"""
