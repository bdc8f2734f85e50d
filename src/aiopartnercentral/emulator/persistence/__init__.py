"""The state file: a log of all changes, which is replayed at the next start.

store    executes changes, appends them to the log, and replays it
records  the records of the log
log      the file itself: checksummed lines that are only ever appended
"""
