"""The documentation site: what `nox -s docs` adds to the pages in `docs/`."""
