# A network of its own: one subnet, one way out. 80 and 443 are open; 22 only to one address, and only when it is given.

resource "aws_vpc" "this" {
  cidr_block           = "10.30.0.0/24"
  enable_dns_support   = true
  enable_dns_hostnames = true
  tags                 = { Name = var.name }
}

# What is put into the default group by mistake reaches nothing.
resource "aws_default_security_group" "none" {
  vpc_id = aws_vpc.this.id
}

resource "aws_subnet" "this" {
  vpc_id                  = aws_vpc.this.id
  cidr_block              = "10.30.0.0/26"
  map_public_ip_on_launch = false # the address is the elastic one; it comes with its association
  tags                    = { Name = var.name }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
  tags   = { Name = var.name }
}

resource "aws_route_table" "this" {
  vpc_id = aws_vpc.this.id
  tags   = { Name = var.name }
}

resource "aws_route" "out" {
  route_table_id         = aws_route_table.this.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "this" {
  subnet_id      = aws_subnet.this.id
  route_table_id = aws_route_table.this.id
}

resource "aws_security_group" "this" {
  name        = var.name
  description = "mdreader: the web in, and SSH from one address when it is given"
  vpc_id      = aws_vpc.this.id
  tags        = { Name = var.name }
}

resource "aws_vpc_security_group_ingress_rule" "web" {
  for_each          = { http = 80, https = 443 }
  security_group_id = aws_security_group.this.id
  description       = each.key
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}

resource "aws_vpc_security_group_ingress_rule" "ssh" {
  count             = var.ssh_address == null ? 0 : 1
  security_group_id = aws_security_group.this.id
  description       = "SSH from one address"
  cidr_ipv4         = "${var.ssh_address}/32"
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
}

# Packages, images, certificates, SSM; and mail. Names and time come from AWS's own addresses, which no group holds back.
resource "aws_vpc_security_group_egress_rule" "out" {
  for_each          = { for port in concat([80, 443], var.mail_ports) : tostring(port) => port }
  security_group_id = aws_security_group.this.id
  description       = "to port ${each.key}"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}
