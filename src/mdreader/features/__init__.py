"""One folder a feature, low to high: accounts, workspaces, documents, collab, transfer."""
