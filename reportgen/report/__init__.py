"""The second waist: a report is a title and sections of blocks, and nothing else.

Only the standard library is imported here, so that a report can be read anywhere.
"""
