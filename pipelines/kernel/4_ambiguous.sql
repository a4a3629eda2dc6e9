-- Two values for one property at one place and time: which of them is true is nobody's to guess.
UPDATE messages
SET fault = 'ambiguous_reading', event_key = NULL
WHERE fault IS NULL AND row_id IN (
    SELECT row_id
    FROM general
    JOIN meanings USING (meaning_id)
    GROUP BY
        row_id, own_device_id, property, coalesce(own_channel, channel), coalesce(own_depth_cm, depth_cm), own_time
    HAVING count(*) > 1
)
