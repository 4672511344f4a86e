"""One function per use case; every shell (command line, API) is made from this registry."""
