"""Storing the first text of a new document."""

from collections.abc import Sequence

from mdreader.db.engine import Transaction
from mdreader.features.collab.gate import clocks_of
from mdreader.features.collab.replica import seed_update
from mdreader.features.collab.state_vector import encode_state_vector
from mdreader.features.collab.tables import document_heads, document_snapshots, document_texts
from mdreader.features.collab.text import decompose, etag_of
from mdreader.kernel.failpoints import hit
from mdreader.kernel.ids import new_id
from mdreader.ports.live import LiveText, Seed


async def seed(tx: Transaction, seeds: Sequence[Seed]) -> list[LiveText]:
    """Store the first text of new documents. A log number of 1 says that there is text, 0 that there is none."""
    heads, snapshots, texts, described = [], [], [], []
    for item in seeds:
        body, shape = decompose(item.text)
        exact = item.text.encode()
        life = new_id()
        text = LiveText(item.text, etag_of(exact), len(exact), shape.eol, life)
        update = seed_update(body)
        seq = 0 if update is None else 1
        numbered = seq if tx.conn.dialect.name == "postgresql" else None
        heads.append(
            {"document_id": item.document_id, "epoch": life, "eol": shape.eol, "bom": shape.bom, "seq": numbered}
        )
        if update is not None:
            vector = encode_state_vector(clocks_of(update))
            snapshots.append({"document_id": item.document_id, "seq": seq, "data": update, "state_vector": vector})
        texts.append({"document_id": item.document_id, "seq": seq, "text": body, "etag": text.etag, "size": text.size})
        described.append(text)
    for table, rows in ((document_heads, heads), (document_snapshots, snapshots), (document_texts, texts)):
        if rows:
            await tx.conn.execute(table.insert(), rows)
    hit("seed.before_commit")
    tx.after_commit(lambda: hit("seed.after_commit"))
    return described
