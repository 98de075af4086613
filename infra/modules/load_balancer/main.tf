# Lets in CloudFront alone: by its addresses here, and by a secret header that the server compares. The rule below turns away early
# whoever does not even bring the header. Its value stands nowhere in Terraform, as it would then stand in the state.

resource "aws_security_group" "this" {
  name        = "${var.name}-lb"
  description = "Load balancer: CloudFront in, tasks out"
  vpc_id      = var.vpc_id
  tags        = { Name = "${var.name}-lb" }
}

resource "aws_vpc_security_group_ingress_rule" "cloudfront" {
  security_group_id = aws_security_group.this.id
  description       = "CloudFront's addresses that reach origins"
  prefix_list_id    = var.cloudfront_prefix_list_id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_ingress_rule" "more" {
  for_each                     = var.allowed_security_groups
  security_group_id            = aws_security_group.this.id
  description                  = each.key
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_security_group_egress_rule" "tasks" {
  security_group_id            = aws_security_group.this.id
  description                  = "Tasks"
  referenced_security_group_id = var.task_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.port
  to_port                      = var.port
}

# Access logs are left off on purpose: they hold whole addresses, and a socket's has a ticket in it. The server logs every request
# without its query.
resource "aws_lb" "this" {
  name                       = var.name
  load_balancer_type         = "application"
  internal                   = false
  security_groups            = [aws_security_group.this.id]
  subnets                    = var.subnet_ids
  drop_invalid_header_fields = true
  enable_deletion_protection = var.deletion_protection
  # Quiet sockets are pinged every 30 seconds or less; a client that vanished is noticed by the server before this.
  idle_timeout = 120
  # As CloudFront wrote it: its own address, which would be added here, is no client's.
  xff_header_processing_mode = "preserve"
  desync_mitigation_mode     = "strictest"
}

resource "aws_lb_target_group" "web" {
  name        = "${var.name}-web"
  vpc_id      = var.vpc_id
  target_type = "ip"
  protocol    = "HTTP"
  port        = var.port
  # An open socket is a request that lasts: new people go where the fewest are.
  load_balancing_algorithm_type = "least_outstanding_requests"
  # How long a task that leaves may end what it has begun; its sockets are then told to come back elsewhere.
  deregistration_delay = var.draining_seconds

  health_check {
    # Whether the process lives. /api/ready also asks the database, and ECS would replace every task for its failover.
    path                = "/api/health"
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.this.arn
  protocol          = "HTTPS"
  port              = 443
  certificate_arn   = var.certificate_arn
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"

  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      message_body = "Not this way."
      status_code  = "403"
    }
  }
}

resource "aws_lb_listener_rule" "through_cloudfront" {
  listener_arn = aws_lb_listener.https.arn
  priority     = 10

  condition {
    http_header {
      http_header_name = var.origin_header
      values           = ["?*"]
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web.arn
  }
}

# The name that all cells have in common leads here, when this one is the nearest: people go on at the cell's own name.
resource "aws_lb_listener_rule" "entry" {
  count        = var.entry == null ? 0 : 1
  listener_arn = aws_lb_listener.https.arn
  priority     = 5

  condition {
    host_header {
      values = [var.entry.from]
    }
  }

  action {
    type = "redirect"
    redirect {
      host        = var.entry.to
      protocol    = "HTTPS"
      port        = "443"
      status_code = "HTTP_302"
    }
  }
}

# The only way into a task.
resource "aws_vpc_security_group_ingress_rule" "tasks" {
  security_group_id            = var.task_security_group_id
  description                  = "Load balancer"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = var.port
  to_port                      = var.port
}
