"""One file per promise; each opens with its anomaly in words and has one function `check(evidence, findings)`."""
