-- The values of the readings by what they mean, together with what the codecs read. Said twice alike is said once.
CREATE TEMP TABLE general AS
WITH meant AS (
    SELECT readings.*, words.meaning_id
    FROM readings
    JOIN messages USING (row_id)
    JOIN words
        ON words.format = messages.format
        AND words.names = coalesce(messages.names, '')
        AND words.is_payload = readings.is_payload
        AND words.key = readings.key
        AND words.unit = coalesce(readings.unit, '')
    WHERE words.meaning_id IS NOT NULL
)
SELECT DISTINCT
    row_id,
    meaning_id,
    coalesce(stands_for, value, CASE word WHEN 'true' THEN 1 WHEN 'false' THEN 0 END) AS said,
    CASE WHEN coalesce(word, '') IN ('', 'null') THEN 'missing_value' ELSE 'not_a_number' END AS lack,
    device_id AS own_device_id,
    depth_cm AS own_depth_cm,
    channel AS own_channel,
    phenomenon_time AS own_time
FROM meant
LEFT JOIN labels USING (meaning_id, word)
UNION ALL
SELECT row_id, meaning_id, said, 'missing_value', NULL, NULL, NULL, phenomenon_time FROM decoded
