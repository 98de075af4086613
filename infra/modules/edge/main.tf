# CloudFront before the load balancer: pages, API and live editing (native WebSocket) on one name.
#
# It proves itself by a header whose value lies in a key-value store. infra/scripts/secrets.sh puts it there and into the app's secret;
# as an origin's custom header it would be in Terraform's state.

resource "aws_cloudfront_key_value_store" "this" {
  count   = var.prove ? 1 : 0
  name    = var.name
  comment = "The key origin: what this distribution proves itself to the server with"
}

resource "aws_cloudfront_function" "origin" {
  count                        = var.prove ? 1 : 0
  name                         = "${var.name}-origin"
  comment                      = "Adds the header that the server compares"
  runtime                      = "cloudfront-js-2.0"
  publish                      = true
  key_value_store_associations = [aws_cloudfront_key_value_store.this[0].arn]
  code                         = templatefile("${path.module}/origin.js", { header = var.origin_header })
}

resource "aws_cloudfront_cache_policy" "none" {
  name        = "${var.name}-none"
  comment     = "Nothing is kept"
  min_ttl     = 0
  default_ttl = 0
  max_ttl     = 0

  parameters_in_cache_key_and_forwarded_to_origin {
    cookies_config {
      cookie_behavior = "none"
    }
    headers_config {
      header_behavior = "none"
    }
    query_strings_config {
      query_string_behavior = "none"
    }
  }
}

# Their names change with what is in them. An error is kept for no longer than it lasts.
resource "aws_cloudfront_cache_policy" "assets" {
  name        = "${var.name}-assets"
  comment     = "As long as the server says: a year for files with a hash in their names"
  min_ttl     = 0
  default_ttl = 0
  max_ttl     = 31536000

  parameters_in_cache_key_and_forwarded_to_origin {
    enable_accept_encoding_brotli = true
    enable_accept_encoding_gzip   = true
    cookies_config {
      cookie_behavior = "none"
    }
    headers_config {
      header_behavior = "none"
    }
    query_strings_config {
      query_string_behavior = "none"
    }
  }
}

resource "aws_cloudfront_origin_request_policy" "all" {
  name    = "${var.name}-all"
  comment = "Everything that the viewer sent, Host and the upgrade to WebSocket included"

  cookies_config {
    cookie_behavior = "all"
  }
  headers_config {
    header_behavior = "allViewer"
  }
  query_strings_config {
    query_string_behavior = "all"
  }
}

resource "aws_cloudfront_origin_request_policy" "assets" {
  name    = "${var.name}-assets"
  comment = "The proof alone"

  cookies_config {
    cookie_behavior = "none"
  }
  headers_config {
    header_behavior = "whitelist"
    headers {
      items = [var.origin_header]
    }
  }
  query_strings_config {
    query_string_behavior = "none"
  }
}

resource "aws_cloudfront_distribution" "this" {
  enabled         = true
  comment         = var.name
  aliases         = [var.domain]
  is_ipv6_enabled = true
  http_version    = "http2and3"
  price_class     = var.price_class
  web_acl_id      = var.web_acl_arn

  origin {
    origin_id   = "servers"
    domain_name = var.origin_domain

    custom_origin_config {
      http_port                = 80 # must be named, and is never used
      https_port               = 443
      origin_protocol_policy   = "https-only"
      origin_ssl_protocols     = ["TLSv1.2"]
      origin_read_timeout      = 60
      origin_keepalive_timeout = 60
    }
  }

  dynamic "origin" {
    for_each = var.api == null ? [] : [var.api]
    content {
      origin_id   = "api"
      domain_name = origin.value.domain

      custom_origin_config {
        http_port              = 80
        https_port             = 443
        origin_protocol_policy = "https-only"
        origin_ssl_protocols   = ["TLSv1.2"]
      }
    }
  }

  default_cache_behavior {
    target_origin_id         = "servers"
    viewer_protocol_policy   = "redirect-to-https"
    allowed_methods          = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    cached_methods           = ["GET", "HEAD"]
    cache_policy_id          = aws_cloudfront_cache_policy.none.id
    origin_request_policy_id = aws_cloudfront_origin_request_policy.all.id

    dynamic "function_association" {
      for_each = aws_cloudfront_function.origin[*].arn
      content {
        event_type   = "viewer-request"
        function_arn = function_association.value
      }
    }
  }

  ordered_cache_behavior {
    path_pattern             = "/assets/*"
    target_origin_id         = "servers"
    viewer_protocol_policy   = "redirect-to-https"
    allowed_methods          = ["GET", "HEAD"]
    cached_methods           = ["GET", "HEAD"]
    compress                 = true
    cache_policy_id          = aws_cloudfront_cache_policy.assets.id
    origin_request_policy_id = aws_cloudfront_origin_request_policy.assets.id

    dynamic "function_association" {
      for_each = aws_cloudfront_function.origin[*].arn
      content {
        event_type   = "viewer-request"
        function_arn = function_association.value
      }
    }
  }

  dynamic "ordered_cache_behavior" {
    for_each = var.api == null ? [] : var.api.paths
    content {
      path_pattern             = ordered_cache_behavior.value
      target_origin_id         = "api"
      viewer_protocol_policy   = "https-only"
      allowed_methods          = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
      cached_methods           = ["GET", "HEAD"]
      cache_policy_id          = aws_cloudfront_cache_policy.none.id
      origin_request_policy_id = aws_cloudfront_origin_request_policy.api[0].id

      dynamic "function_association" {
        for_each = aws_cloudfront_function.origin[*].arn
        content {
          event_type   = "viewer-request"
          function_arn = function_association.value
        }
      }
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn      = var.certificate_arn
    ssl_support_method       = "sni-only"
    minimum_protocol_version = "TLSv1.2_2021"
  }
}

# API Gateway knows its own name only: everything but Host.
resource "aws_cloudfront_origin_request_policy" "api" {
  count   = var.api == null ? 0 : 1
  name    = "${var.name}-api"
  comment = "Everything but Host"

  cookies_config {
    cookie_behavior = "all"
  }
  headers_config {
    header_behavior = "allExcept"
    headers {
      items = ["host"]
    }
  }
  query_strings_config {
    query_string_behavior = "all"
  }
}

resource "aws_route53_record" "this" {
  for_each = toset(["A", "AAAA"])
  zone_id  = var.zone_id
  name     = var.domain
  type     = each.key

  alias {
    name                   = aws_cloudfront_distribution.this.domain_name
    zone_id                = aws_cloudfront_distribution.this.hosted_zone_id
    evaluate_target_health = false
  }
}
