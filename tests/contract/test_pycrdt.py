"""What a replica expects of pycrdt that is not its public API: it applies keystrokes as `Doc.apply_update` does, with less around them."""

import inspect

from pycrdt import Doc, Text, Transaction

from mdreader.features.collab.replica import EMPTY_UPDATE, Replica, seed_update


def test_a_document_is_still_what_a_replica_takes_it_for() -> None:
    doc: Doc[Text] = Doc(allow_multithreading=True)
    assert hasattr(doc._txn_lock, "acquire")
    transaction = doc._doc.create_transaction()
    doc._doc.apply_update(transaction, EMPTY_UPDATE)
    transaction.commit()
    transaction.drop()
    # What is left out here, and there is nothing else: origins, observers that fail, models, tasks.
    begun, ended = inspect.getsource(Transaction.__enter__), inspect.getsource(Transaction.__exit__)
    assert begun.count("create_transaction") == 2
    assert [call for call in ("commit()", "drop()", "_txn_lock.release()") if ended.count(call) != 1] == []


def test_what_a_replica_applies_is_what_a_document_applies() -> None:
    doc: Doc[Text] = Doc()
    replica = Replica()
    text = doc.get("content", type=Text)
    seed = seed_update("one, two")
    assert seed is not None
    doc.apply_update(seed)
    replica.apply(seed)
    made: list[bytes] = []
    doc.observe(lambda event: made.append(event.update))
    text.insert(3, " and")
    del text[0:3]
    text.insert(0, "1")
    for update in made:
        replica.apply(update)
    assert len(made) == 3
    assert replica.text() == str(text) == "1 and, two"
    assert replica.state_vector() == doc.get_state()
