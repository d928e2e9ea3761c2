"""`seqtasks runs`: runs and studies as a collection.

group       the command itself: a list, unless a verb comes first
listed      the list as a table, CSV or JSON
plain_table tables of ten thousand rows
show        all of one run
compare     the settings in which runs differ, and their scores side by side
export      runs as one file
remove      remove runs, or put them into archives
sizes       sizes in words, and the question before something goes
"""
