-- Of the events that the lake holds, those that share their identity with one of the batch.
SELECT event_key, result_time, body_digest
FROM known_events
WHERE left(event_key, ${identity_length}) IN (
    SELECT left(event_key, ${identity_length}) FROM messages WHERE fault IS NULL
)
ORDER BY result_time
