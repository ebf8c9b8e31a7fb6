from django.db import migrations


class Migration(migrations.Migration):
    """What was sent before there were states gets one."""

    dependencies = [("models_app", "0011_webhook_delivery_log")]

    operations = [
        # What never came through in a day is tried no more.
        migrations.RunSQL(
            """
            UPDATE models_app_webhookdelivery SET state = CASE
                WHEN delivered_at IS NOT NULL THEN 'delivered'
                WHEN created_at < now() - interval '1 day' THEN 'failed' ELSE 'waiting' END
            """,
            migrations.RunSQL.noop,
        ),
    ]
