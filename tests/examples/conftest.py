from __future__ import annotations

import sys
from pathlib import Path

# Neither examples/ nor tools/ is a package that one installs.
sys.path.insert(0, str(Path(__file__).parents[2]))
