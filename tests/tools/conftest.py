from __future__ import annotations

import sys
from pathlib import Path

# tools/ is no package that one installs.
sys.path.insert(0, str(Path(__file__).parents[2]))
