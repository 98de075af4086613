"""Databases, caches, buckets, queues, secrets and backups."""

import json
from typing import Any

from gates.plans import UNKNOWN
from gates.translate.shape import Shape, Values, always, at, block, fill, number, string, strings

TRANSITION = {"TransitionInDays": at("days"), "StorageClass": at("storage_class")}


def _rules(values: Values) -> Any:
    found = []
    for rule in values.get("rule") or []:
        one: dict[str, Any] = {"Id": rule.get("id"), "Status": rule.get("status")}
        for name, key, table in (
            (
                "AbortIncompleteMultipartUpload",
                "abort_incomplete_multipart_upload",
                {"DaysAfterInitiation": at("days_after_initiation")},
            ),
            (
                "NoncurrentVersionExpiration",
                "noncurrent_version_expiration",
                {
                    "NoncurrentDays": number("noncurrent_days"),
                    "NewerNoncurrentVersions": number("newer_noncurrent_versions"),
                },
            ),
        ):
            if rule.get(key):
                one[name] = fill(table, rule[key][0])
        if rule.get("transition"):
            one["Transitions"] = [fill(TRANSITION, transition) for transition in rule["transition"]]
        if rule.get("expiration") and rule["expiration"][0].get("days"):
            one["ExpirationInDays"] = rule["expiration"][0]["days"]
        found.append(one)
    return {"Rules": found}


def _redrive(values: Values) -> Any:
    policy = values.get("redrive_policy")
    return None if policy in (None, "", UNKNOWN) else json.loads(policy)


SHAPES = {
    "aws_db_instance": Shape(
        "AWS::RDS::DBInstance",
        {
            "Engine": at("engine"),
            "EngineVersion": at("engine_version"),
            "DBInstanceClass": at("instance_class"),
            "AllocatedStorage": string("allocated_storage"),
            "MaxAllocatedStorage": number("max_allocated_storage"),
            "StorageType": at("storage_type"),
            "StorageEncrypted": at("storage_encrypted"),
            "BackupRetentionPeriod": at("backup_retention_period"),
            "PubliclyAccessible": at("publicly_accessible"),
            "MultiAZ": at("multi_az"),
            "MonitoringInterval": at("monitoring_interval"),
            "PerformanceInsightsRetentionPeriod": number("performance_insights_retention_period"),
            "EnablePerformanceInsights": at("performance_insights_enabled"),
            "EnableCloudwatchLogsExports": strings("enabled_cloudwatch_logs_exports"),
            "ManageMasterUserPassword": at("manage_master_user_password"),
            "MasterUsername": at("username"),
            "PreferredBackupWindow": at("backup_window"),
            "PreferredMaintenanceWindow": at("maintenance_window"),
            "CopyTagsToSnapshot": at("copy_tags_to_snapshot"),
            "DeletionProtection": at("deletion_protection"),
        },
    ),
    "aws_db_parameter_group": Shape(
        "AWS::RDS::DBParameterGroup", {"Family": at("family"), "Description": always("Parameters")}
    ),
    "aws_rds_cluster_parameter_group": Shape(
        "AWS::RDS::DBClusterParameterGroup",
        {"Family": at("family"), "Description": always("Parameters"), "Parameters": always({"x": "y"})},
    ),
    "aws_rds_cluster": Shape(
        "AWS::RDS::DBCluster",
        {
            "Engine": at("engine"),
            "EngineVersion": at("engine_version"),
            "StorageEncrypted": at("storage_encrypted"),
            "BackupRetentionPeriod": at("backup_retention_period"),
            "ManageMasterUserPassword": at("manage_master_user_password"),
            "MasterUsername": at("master_username"),
            "PreferredBackupWindow": at("preferred_backup_window"),
            "PreferredMaintenanceWindow": at("preferred_maintenance_window"),
            "ServerlessV2ScalingConfiguration": block(
                "serverlessv2_scaling_configuration",
                {"MinCapacity": at("min_capacity"), "MaxCapacity": at("max_capacity")},
            ),
        },
    ),
    "aws_rds_cluster_instance": Shape(
        "AWS::RDS::DBInstance",
        {
            "Engine": at("engine"),
            "EngineVersion": at("engine_version"),
            "DBInstanceClass": at("instance_class"),
            "PubliclyAccessible": at("publicly_accessible"),
        },
    ),
    "aws_rds_global_cluster": Shape(
        "AWS::RDS::GlobalCluster",
        {"Engine": at("engine"), "EngineVersion": at("engine_version"), "StorageEncrypted": at("storage_encrypted")},
    ),
    "aws_db_proxy": Shape(
        "AWS::RDS::DBProxy",
        {
            "DBProxyName": at("name"),
            "EngineFamily": at("engine_family"),
            "RequireTLS": at("require_tls"),
            "IdleClientTimeout": number("idle_client_timeout"),
            "RoleArn": always("arn:aws:iam::111122223333:role/proxy"),
            "VpcSubnetIds": always(["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]),
            "Auth": always(
                [
                    {
                        "AuthScheme": "SECRETS",
                        "SecretArn": "arn:aws:secretsmanager:eu-central-1:111122223333:secret:x-abcdef",
                    }
                ]
            ),
        },
    ),
    "aws_elasticache_replication_group": Shape(
        "AWS::ElastiCache::ReplicationGroup",
        {
            "ReplicationGroupDescription": at("description"),
            "Engine": at("engine"),
            "EngineVersion": at("engine_version"),
            "CacheNodeType": at("node_type"),
            "CacheParameterGroupName": at("parameter_group_name"),
            "NumCacheClusters": number("num_cache_clusters"),
            "NumNodeGroups": number("num_node_groups"),
            "AtRestEncryptionEnabled": lambda values: str(values.get("at_rest_encryption_enabled")).lower() == "true",
            "TransitEncryptionEnabled": at("transit_encryption_enabled"),
            "TransitEncryptionMode": at("transit_encryption_mode"),
            "AutomaticFailoverEnabled": at("automatic_failover_enabled"),
            "MultiAZEnabled": at("multi_az_enabled"),
            "PreferredMaintenanceWindow": at("maintenance_window"),
        },
    ),
    "aws_s3_bucket_lifecycle_configuration": Shape("AWS::S3::Bucket", {"LifecycleConfiguration": _rules}),
    "aws_s3_bucket_cors_configuration": Shape(
        "AWS::S3::Bucket",
        {
            "CorsConfiguration": lambda values: {
                "CorsRules": [
                    fill(
                        {
                            "AllowedMethods": strings("allowed_methods"),
                            "AllowedOrigins": strings("allowed_origins"),
                            "AllowedHeaders": strings("allowed_headers"),
                            "ExposedHeaders": strings("expose_headers"),
                            "MaxAge": at("max_age_seconds"),
                        },
                        rule,
                    )
                    for rule in values.get("cors_rule") or []
                ]
            }
        },
    ),
    "aws_s3_bucket_public_access_block": Shape(
        "AWS::S3::Bucket",
        {
            "PublicAccessBlockConfiguration": lambda values: fill(
                {
                    "BlockPublicAcls": at("block_public_acls"),
                    "BlockPublicPolicy": at("block_public_policy"),
                    "IgnorePublicAcls": at("ignore_public_acls"),
                    "RestrictPublicBuckets": at("restrict_public_buckets"),
                },
                values,
            )
        },
    ),
    "aws_sqs_queue": Shape(
        "AWS::SQS::Queue",
        {
            "MessageRetentionPeriod": at("message_retention_seconds"),
            "VisibilityTimeout": at("visibility_timeout_seconds"),
            "ReceiveMessageWaitTimeSeconds": at("receive_wait_time_seconds"),
            "MaximumMessageSize": at("max_message_size"),
            "DelaySeconds": at("delay_seconds"),
            "KmsDataKeyReusePeriodSeconds": at("kms_data_key_reuse_period_seconds"),
            "RedrivePolicy": _redrive,
        },
    ),
    "aws_sns_topic": Shape("AWS::SNS::Topic", {"TopicName": at("name"), "DisplayName": at("display_name")}),
    "aws_sns_topic_subscription": Shape(
        "AWS::SNS::Subscription",
        {
            "Protocol": at("protocol"),
            "Endpoint": at("endpoint"),
            "TopicArn": always("arn:aws:sns:eu-central-1:111122223333:topic"),
        },
    ),
    "aws_secretsmanager_secret": Shape(
        "AWS::SecretsManager::Secret", {"Name": at("name"), "Description": at("description")}
    ),
    "aws_secretsmanager_secret_rotation": Shape(
        "AWS::SecretsManager::RotationSchedule",
        {
            "SecretId": always("secret"),
            "RotationRules": block(
                "rotation_rules",
                {
                    "AutomaticallyAfterDays": number("automatically_after_days"),
                    "ScheduleExpression": at("schedule_expression"),
                },
            ),
        },
    ),
    "aws_dlm_lifecycle_policy": Shape(
        "AWS::DLM::LifecyclePolicy",
        {
            "Description": at("description"),
            "State": at("state"),
            "ExecutionRoleArn": always("arn:aws:iam::111122223333:role/snapshots"),
        },
    ),
}

# cfn-lint knows a cache's sizes by this type alone.
NODES = {
    "aws_elasticache_replication_group": Shape(
        "AWS::ElastiCache::CacheCluster",
        {"Engine": always("redis"), "CacheNodeType": at("node_type"), "NumCacheNodes": always(1)},
    ),
}
