"""A variant as a zip for the machine that it is for: what runs it there, what checks it there, and what comes back.

`contents.py` puts the files together, `target/` is what runs on the target, `target_result.py` reads what its
``verify.py`` found.
"""
