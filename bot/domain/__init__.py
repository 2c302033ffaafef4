"""Plain values and rules. No I/O, no Discord, no SQL, no HTTP."""
