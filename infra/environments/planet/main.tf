# The planet size: one cell of several. A cell is a whole mdreader in one region, with a state of its own; a workspace lives in one cell.
# Apply this folder once for each cell, each time with its own backend key and tfvars file. infra/README.md says how.

locals {
  name = "mdreader-${var.cell}"
  tags = merge({ Project = "mdreader", Environment = local.name, Cell = var.cell, ManagedBy = "terraform" }, var.tags)

  # What the files of infra/shared ask of a size.
  settings = {
    MDREADER_CELL  = var.cell
    MDREADER_CELLS = join(", ", [for cell in var.cells : "${cell.name}=${cell.url}"])
  }
  # The function that changes the database's password has no other way to it.
  more_endpoints = var.nat == "endpoints" ? [] : ["secretsmanager"]
  # Whoever asks for the name of all cells is sent on to this cell's own.
  redirect = var.entry_domain == null ? null : { from = var.entry_domain, to = var.domain }
  api      = null

  files_copy = {
    bucket_arn = module.files_copy.bucket_arn
    key_arn    = module.copy_key.arn
    account_id = local.account_id
  }
  database = {
    address         = module.database.proxy_address
    direct_address  = module.database.address
    secret_arn      = module.database.secret_arn
    max_connections = module.database.max_connections
    pooled          = true
  }
  watched_database = {
    identifier      = module.database.identifier
    cluster         = true
    max_connections = module.database.max_connections
  }
}
