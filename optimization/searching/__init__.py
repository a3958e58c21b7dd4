"""The parts of a search (`optimization.search`): what is asked, where it looks, how it races, what it chooses."""
