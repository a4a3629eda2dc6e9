-- The kinds of payloads: whose they are and which keys they have, the most frequent first.
WITH seen AS (
    SELECT signature, min(row_id) AS row_id, count(*) AS payload_count
    FROM messages
    WHERE fault IS NULL AND signature IS NOT NULL
    GROUP BY signature
)
SELECT seen.signature, names, json_keys(payload)
FROM messages
JOIN seen USING (row_id)
ORDER BY payload_count DESC, row_id
