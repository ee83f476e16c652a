"""Whether it was so: judges over histories, ours or anybody's; they know nothing of the code that made them."""
