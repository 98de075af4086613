module "files" {
  source          = "../../modules/files"
  name            = local.name
  bucket_name     = "${local.name}-files-${local.account_id}"
  domain          = local.files_domain
  zone_id         = var.zone_id
  certificate_arn = module.edge_certificate.arn
  web_acl_arn     = one(module.firewall[*].arn)
  key_arn         = module.key.arn
  public_key      = var.files_public_key
  further_key_ids = var.files_further_key_ids
  allowed_origins = [local.public_url]
  price_class     = var.price_class
  copy            = local.files_copy
}
