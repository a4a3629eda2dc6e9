-- Two values for one property at one place and time: which of them is true is nobody's to guess.
WITH ambiguous AS (
    SELECT row_id
    FROM general
    JOIN meanings USING (meaning_id)
    GROUP BY
        row_id, own_device_id, property, coalesce(own_channel, channel), coalesce(own_depth_cm, depth_cm), own_time
    HAVING count(*) > 1
)
SELECT messages.* REPLACE (
    CASE WHEN ambiguous.row_id IS NULL THEN fault ELSE coalesce(fault, 'ambiguous_reading') END AS fault,
    CASE WHEN ambiguous.row_id IS NULL THEN event_key END AS event_key
)
FROM messages
LEFT JOIN (SELECT DISTINCT row_id FROM ambiguous) AS ambiguous USING (row_id)
