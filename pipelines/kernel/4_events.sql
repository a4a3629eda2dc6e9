-- What the ledger says of each record, in the records' order.
SELECT
    $$tenant_id AS tenant_id,
    format,
    verdict,
    reasons,
    event_key,
    device_id,
    result_time,
    $$ingest_time AS ingest_time
FROM messages
JOIN verdicts USING (row_id)
ORDER BY row_id
