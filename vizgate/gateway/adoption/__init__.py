"""What outlives a plan, and how the next plan takes it over."""
