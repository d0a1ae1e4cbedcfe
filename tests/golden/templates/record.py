"""Ask Go what the cases come to: `python -m tests.golden.templates.record`; needs Go.

Do so when the cases change; what Go says is kept beside them, so that the tests need no Go.
"""

import json
import tempfile
from pathlib import Path
from typing import Final

from tests.golden.templates.cases import DATA, questions
from tests.golden.templates.oracle import FOLDER, answers, build

VECTORS: Final = FOLDER / "vectors.json"


def main() -> None:
    """Write what Go makes of every case."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [
            [asked.template, asked.missing, asked.plain, given.failed, given.result]
            for asked, given in answers(build(Path(folder)), questions())
        ]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    data = json.dumps(DATA, ensure_ascii=False)
    VECTORS.write_text(f'{{"data": {data},\n"vectors": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
