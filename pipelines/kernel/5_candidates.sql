-- The events whose identity may occur more than once, in the batch or in the lake: the only ones that can be copies.
-- Counted by a hash, which is less to compare; what it takes for a copy by mistake is compared again.
WITH repeated AS (
    SELECT hash(left(event_key, ${identity_length})) AS identity
    FROM messages
    WHERE fault IS NULL
    GROUP BY identity
    HAVING count(*) > 1
)
SELECT row_id, "partition", event_key, result_time, body_digest
FROM messages
JOIN records USING (row_id)
WHERE fault IS NULL AND (
    hash(left(event_key, ${identity_length})) IN (SELECT identity FROM repeated)
    OR left(event_key, ${identity_length}) IN (SELECT left(event_key, ${identity_length}) FROM known_events)
)
ORDER BY "partition", "offset"
