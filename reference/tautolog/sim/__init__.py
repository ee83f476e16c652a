"""The simulated world: scheduler and clocks, network, disk, faults. Same seed, same bytes."""
