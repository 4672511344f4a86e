"""Every byte format: parse and format, pure. No I/O, no clock, no randomness, no logging."""
