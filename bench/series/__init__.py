"""The series of bench/run, each a module with a class of its name."""
