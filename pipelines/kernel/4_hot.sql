-- The hot path: payloads whose numbers lie right in the object. One parse a payload, of its own kind's keys alone.
SELECT
    row_id,
    first_meaning,
    CASE signature
        ${cases}
    END AS amounts
FROM messages
JOIN signatures USING (signature)
WHERE messages.fault IS NULL AND signature IN (${signatures})
