# Two addresses of AWS's network that lead to the nearest cell that is well. CloudFront asks them: the load balancers stay closed to
# everybody else, as Global Accelerator passes on who asked.

resource "aws_globalaccelerator_accelerator" "this" {
  name            = var.name
  ip_address_type = "IPV4"
  enabled         = true
}

resource "aws_globalaccelerator_listener" "this" {
  accelerator_arn = aws_globalaccelerator_accelerator.this.arn
  protocol        = "TCP"
  client_affinity = "NONE"

  port_range {
    from_port = 443
    to_port   = 443
  }
}

resource "aws_globalaccelerator_endpoint_group" "this" {
  for_each                      = var.load_balancers
  listener_arn                  = aws_globalaccelerator_listener.this.arn
  endpoint_group_region         = each.key
  health_check_interval_seconds = 10
  threshold_count               = 3

  endpoint_configuration {
    endpoint_id                    = each.value
    client_ip_preservation_enabled = true
    weight                         = 128
  }
}
