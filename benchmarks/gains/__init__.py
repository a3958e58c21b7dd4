"""What the bars of ``benchmarks/optimization.py`` are measured with, one file each kind of bar."""
