"""``python -m vizgate`` is ``vizgate``."""

from __future__ import annotations

import sys

from vizgate.cli.main import main

sys.exit(main())
