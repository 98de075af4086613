"""`mdreader` of the next version: it has one column more, and needs it. `python -m support.newer serve`, from the tests' folder.

Its pre step adds the column, with a default for rows of servers that do not know of it; its post step takes the default away, so that
such servers can no longer write.
"""

import os
import sys
from pathlib import Path

from sqlalchemy import Column, Text

import mdreader.cli.serve  # noqa: F401 - all modules are there before they are changed
from mdreader import migrations
from mdreader.cli import app
from mdreader.features.workspaces.tables import workspaces

HEAD, POST = "9000", "9000_post"
COLUMN = "motto"
_PRE_STEP = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "9000", {head!r}, None, None
def upgrade():
    op.add_column("workspaces", sa.Column("motto", sa.Text(), nullable=False, server_default="of an old server"))
"""
_POST_STEP = """
from alembic import op
revision, down_revision, branch_labels, depends_on = "9000_post", None, None, "9000"
def upgrade():
    op.alter_column("workspaces", "motto", server_default=None)
"""


def become() -> None:
    """Turn the code in this process into the next version's."""
    folder = Path(os.environ["NEWER_STEPS"])
    (folder / "9000_pre.py").write_text(_PRE_STEP.format(head=migrations.HEAD))
    (folder / "9000_post.py").write_text(_POST_STEP)
    migrations.HEAD, migrations.POST = HEAD, POST
    migrations.VERSIONS.append(folder)
    workspaces.append_column(Column(COLUMN, Text, nullable=False, default="of a new server"))
    for name, module in list(sys.modules.items()):
        if name.startswith("mdreader.") and "HEAD" in vars(module):
            vars(module)["HEAD"] = HEAD


if __name__ == "__main__":
    become()
    app()
