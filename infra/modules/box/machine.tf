# The machine. What it keeps lies on a volume of its own, so that the machine can be thrown away and made again.

data "aws_ssm_parameter" "ubuntu" {
  name = "/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id"
}

locals {
  first_start = templatefile("${path.module}/first_start.sh", { volume = replace(aws_ebs_volume.data.id, "-", "") })
}

resource "aws_instance" "this" {
  ami                    = nonsensitive(data.aws_ssm_parameter.ubuntu.value)
  instance_type          = var.instance_type
  subnet_id              = aws_subnet.this.id
  vpc_security_group_ids = [aws_security_group.this.id]
  iam_instance_profile   = aws_iam_instance_profile.this.name
  ebs_optimized          = true

  # Readable by anybody on the machine and by whoever may describe it: there is no secret in it.
  user_data                   = local.first_start
  user_data_replace_on_change = false

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1 # not from within a container
    instance_metadata_tags      = "disabled"
  }

  credit_specification {
    cpu_credits = "standard" # slower when it is used up, never dearer
  }

  root_block_device {
    volume_type = "gp3"
    volume_size = var.root_volume_gb
    encrypted   = true
    kms_key_id  = var.kms_key_arn
  }

  maintenance_options {
    auto_recovery = "default"
  }

  tags        = { Name = var.name }
  volume_tags = null

  lifecycle {
    # A newer Ubuntu is no reason to replace a machine that updates itself; replace it with -replace when you want to.
    ignore_changes = [ami, user_data]
  }
}

resource "aws_ebs_volume" "data" {
  availability_zone = aws_subnet.this.availability_zone
  size              = var.data_volume_gb
  type              = "gp3"
  encrypted         = true
  kms_key_id        = var.kms_key_arn
  final_snapshot    = true # destroy leaves a copy behind
  snapshot_id       = var.data_snapshot_id

  tags = { Name = "${var.name}-data", Backup = var.name }

  lifecycle {
    # Where it came from matters once; to go back to a snapshot again, replace it.
    ignore_changes = [snapshot_id]
  }
}

resource "aws_volume_attachment" "data" {
  device_name = "/dev/sdf"
  volume_id   = aws_ebs_volume.data.id
  instance_id = aws_instance.this.id
  # So that a new machine gets the volume only when the old one has let go of it in good order.
  stop_instance_before_detaching = true
}

resource "aws_eip" "this" {
  domain = "vpc"
  tags   = { Name = var.name }
}

resource "aws_eip_association" "this" {
  allocation_id = aws_eip.this.id
  instance_id   = aws_instance.this.id
}

resource "aws_route53_record" "this" {
  count   = var.zone_id == null ? 0 : 1
  zone_id = var.zone_id
  name    = var.domain
  type    = "A"
  ttl     = 300
  records = [aws_eip.this.public_ip]
}
