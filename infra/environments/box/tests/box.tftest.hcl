# `terraform test` with the real provider and no account: nothing is asked of AWS, everything is planned.

provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "none"
  secret_key                  = "none"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
}

variables {
  domain = "docs.example.org"
}

override_data {
  target = data.aws_caller_identity.this
  values = { account_id = "111122223333" }
}

override_data {
  target = data.aws_partition.this
  values = { partition = "aws" }
}

override_data {
  target = module.box.data.aws_ssm_parameter.ubuntu
  values = { value = "ami-0123456789abcdef0" }
}

override_resource {
  target          = module.box.aws_ebs_volume.data
  override_during = plan
  values          = { id = "vol-0123456789abcdef0" }
}

run "the_whole" {
  command = plan

  assert {
    condition     = module.box.ingress == { "80" = "0.0.0.0/0", "443" = "0.0.0.0/0" }
    error_message = "Only the web is open; SSH is not, unless an address is given."
  }
  assert {
    condition     = module.box.volumes.root_encrypted && module.box.volumes.data_encrypted
    error_message = "A volume is not encrypted."
  }
  assert {
    condition     = alltrue([for key, value in module.box.volumes.snapshots_of : module.box.volumes.data_tags[key] == value])
    error_message = "The snapshots are of a tag that the data volume does not have."
  }
  assert {
    condition     = module.box.volumes.kept == 7
    error_message = "A week of snapshots is kept."
  }
  assert {
    condition = (
      module.box.metadata_options.http_tokens == "required"
      && module.box.metadata_options.http_put_response_hop_limit == 1
    )
    error_message = "The machine's metadata can be read without a token, or from within a container."
  }
  assert {
    condition = alltrue([
      for statement in jsondecode(module.box.policies.machine).Statement :
      alltrue([for action in flatten([statement.Action]) : !strcontains(action, "*") && !startswith(action, "s3:") && !startswith(action, "iam:")])
    ])
    error_message = "The machine may do more than be reached."
  }
  assert {
    condition     = !strcontains(module.box.policies.machine, "ssm:GetParameter")
    error_message = "The machine may read the account's parameters."
  }
  assert {
    condition     = contains(module.box.alarm_actions.status, "arn:aws:automate:eu-central-1:ec2:recover")
    error_message = "A machine whose host fails is not started elsewhere."
  }
  assert {
    condition     = strcontains(module.box.user_data, "nvme-Amazon_Elastic_Block_Store_vol0123456789abcdef0")
    error_message = "The first start does not find the data volume."
  }
  assert {
    condition     = !can(regex("(?i)password|secret|token|AKIA", module.box.user_data))
    error_message = "Something like a secret is in the user data."
  }
  assert {
    condition     = output.url == "https://docs.example.org"
    error_message = "The address is wrong."
  }
}

run "ssh_from_one_address" {
  command = plan

  variables {
    ssh_address = "203.0.113.7"
  }

  assert {
    condition     = module.box.ingress["22"] == "203.0.113.7/32"
    error_message = "SSH is open to more than one address."
  }
}

run "ssh_from_everywhere_is_refused" {
  command = plan

  variables {
    ssh_address = "0.0.0.0/0"
  }

  expect_failures = [var.ssh_address]
}

run "intel_is_refused" {
  command = plan

  variables {
    instance_type = "t3.small"
  }

  expect_failures = [var.instance_type]
}

run "image_from_ecr_and_alarms" {
  command = plan

  variables {
    image_repository_arn = "arn:aws:ecr:eu-central-1:111122223333:repository/mdreader"
    alarm_email          = "ops@example.org"
    zone_id              = "Z0123456789ABCDEFGHIJ"
  }

  assert {
    condition = anytrue([
      for statement in jsondecode(module.box.policies.machine).Statement :
      contains(flatten([statement.Action]), "ecr:BatchGetImage") && statement.Resource == "arn:aws:ecr:eu-central-1:111122223333:repository/mdreader"
    ])
    error_message = "The machine cannot pull its image, or any image."
  }
  assert {
    condition     = length(module.box.alarm_actions) == 2
    error_message = "An alarm is missing."
  }
}
