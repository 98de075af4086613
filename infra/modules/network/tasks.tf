# The tasks' own security group is here because load balancer, database and cache all name it.

resource "aws_security_group" "tasks" {
  name        = "${var.name}-tasks"
  description = "Servers and workers: the load balancer in; AWS, database and cache out"
  vpc_id      = aws_vpc.this.id
  tags        = { Name = "${var.name}-tasks" }
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.tasks.id
  description       = "AWS, and providers that people sign in with"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "data" {
  for_each          = { PostgreSQL = 5432, Valkey = 6379 }
  security_group_id = aws_security_group.tasks.id
  description       = each.key
  cidr_ipv4         = var.cidr
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}
