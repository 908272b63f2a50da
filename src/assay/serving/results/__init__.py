"""What a simulation shows: metrics, and the files of benchmark programs, trace viewers and charts."""
