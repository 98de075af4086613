"""The tree of documents, their metadata and their content over HTTP."""
