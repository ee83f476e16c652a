"""The deliberate defects that `tautolog demo --break` knows, in words; `tautolog.campaign.demo.sabotage` does them."""

BREAKS = {
    "unsynced-ack": "records are acknowledged while they are only in memory",
    "double-append": "some batches are appended twice",
    "silent-drop": "some batches are acknowledged and thrown away",
}
"""Name -> what is broken."""
