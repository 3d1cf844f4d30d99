"""A log of every call that a stranger can verify: a transparency log of C2SP's formats."""
