"""The benchmarks, one module each; `measure(size)` returns its rows of the table."""
