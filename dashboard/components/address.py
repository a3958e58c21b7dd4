"""The browser's address, by which the frame and the pages tell each other what is selected."""

#: Id of the frame's ``dcc.Location``.
ADDRESS = "address"
