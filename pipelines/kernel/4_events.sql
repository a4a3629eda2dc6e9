-- What the ledger says of each record, in the records' order.
SELECT
    format,
    verdict,
    reasons,
    event_key,
    device_id,
    result_time
FROM messages
JOIN verdicts USING (row_id)
ORDER BY row_id
