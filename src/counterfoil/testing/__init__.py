"""Conformance suites and working fakes that authors of plug-ins and apps run."""
