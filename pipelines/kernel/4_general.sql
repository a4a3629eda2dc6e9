-- The values of the readings by what they mean, together with what the codecs read. Said twice alike is said once.
SELECT DISTINCT
    row_id,
    meaning_id,
    coalesce(stands_for, value, CASE word WHEN 'true' THEN 1 WHEN 'false' THEN 0 END) AS said,
    CASE WHEN coalesce(word, '') IN ('', 'null') THEN 'missing_value' ELSE 'not_a_number' END AS lack,
    device_id AS own_device_id,
    depth_cm AS own_depth_cm,
    channel AS own_channel,
    phenomenon_time AS own_time
FROM understood
LEFT JOIN labels USING (meaning_id, word)
WHERE meaning_id IS NOT NULL
UNION ALL
SELECT row_id, meaning_id, said, 'missing_value', NULL, NULL, NULL, phenomenon_time FROM decoded
