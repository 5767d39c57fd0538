"""Speed and memory as ratios in one run, because the machines they are measured on are noisy."""
