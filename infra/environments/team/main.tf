# The team size: a company's own mdreader on managed services, one file a concern. infra/README.md says how to start.

locals {
  name = var.name
  tags = merge({ Project = "mdreader", Environment = local.name, ManagedBy = "terraform" }, var.tags)

  # What the files of infra/shared ask of a size.
  settings       = {}   # of the servers, besides those of both sizes
  more_endpoints = []   # of services of AWS, besides those that var.nat asks for
  redirect       = null # from a name that leads to several cells
  files_copy     = null # where files are copied to
  api            = var.api_gateway ? { domain = module.api_gateway[0].domain, paths = var.api_gateway_paths } : null

  database = {
    address         = module.database.address
    direct_address  = module.database.address
    secret_arn      = module.database.secret_arn
    max_connections = module.database.max_connections
    pooled          = false
  }
  watched_database = {
    identifier      = module.database.identifier
    cluster         = false
    max_connections = module.database.max_connections
    storage_gb      = module.database.storage_gb
    memory_gib      = module.database.memory_gib
  }
}
