"""``python -m vibench`` is the same as ``vibench``."""

import sys

from vibench.main import main

sys.exit(main())
