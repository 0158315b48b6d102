"""``python -m mascot_visemes``."""

from mascot_visemes.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
