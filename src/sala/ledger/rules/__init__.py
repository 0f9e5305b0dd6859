"""How the ledger proves what it says: leaves, the Merkle tree of RFC 6962, signed notes of C2SP."""
