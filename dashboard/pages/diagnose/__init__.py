"""The page on which a recording gets its verdict, with what speaks for it and against it."""
