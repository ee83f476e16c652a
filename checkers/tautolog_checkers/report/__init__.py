"""One history as one offline page: what every process did, where the promise broke, and the words for it."""
