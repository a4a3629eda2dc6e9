-- What was found out about each record.
SELECT row_id, format, event_key, device_id, result_time, coalesce(is_misdated, false) AS is_misdated, session, sequence, body_digest
FROM messages
