"""The page on which variants of a network are measured side by side, and the answer is which one to ship."""
