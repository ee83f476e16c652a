"""Why a part of a model stands there that nobody would miss, in words that several models share."""

TWICE = "it would happen twice, with no further effect"
REACHED = "with every fix in, what was reached is what is committed; exhibits tell them apart"
