"""The deterministic broker: no clock, no chance, no socket, no disk but those handed in."""
