"""Load tests of mdreader beside other Yjs servers; see README.md."""
