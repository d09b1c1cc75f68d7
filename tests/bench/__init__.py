"""What `make bench` runs: our work and a peer's on the same data in one run, told as ratios. No test of the suite."""
