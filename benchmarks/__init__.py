"""What Assay costs to run, in seconds of one core. Run all: python -m benchmarks."""
