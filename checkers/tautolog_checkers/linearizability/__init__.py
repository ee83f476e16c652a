"""Linearizability: whether every operation could have taken effect at one instant between its call and its return.

`models/` says what an object does, `configurations` decides for any model, `queues`, `logs` and `registers` decide in
polynomial time where values are verified to be unique, `exhaustive` decides slowly and independently, `witness` and
`certificate` show why.
"""
