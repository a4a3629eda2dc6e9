-- What the registry says of a device's sensor comes before what its messages say. Where both mean the same contract,
-- nothing changes.
WITH corrected AS (
    SELECT row_id, models.sensor_model AS model
    FROM messages
    JOIN models USING (device_id)
    JOIN sensors ON sensors.names = coalesce(messages.names, '')
    WHERE result_time >= models.valid_from
        AND (models.valid_to IS NULL OR result_time < models.valid_to)
        AND sensors.sensor_model IS DISTINCT FROM models.sensor_model
)
SELECT messages.* REPLACE (
    coalesce(model, names) AS names,
    CASE WHEN model IS NOT NULL AND payload IS NOT NULL THEN hash(model, json_keys(payload)) ELSE signature END AS signature
)
FROM messages
LEFT JOIN corrected USING (row_id)
