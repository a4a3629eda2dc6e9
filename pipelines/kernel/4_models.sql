-- What the registry says of a device's sensor comes before what its messages say. Where both mean the same contract,
-- nothing changes.
UPDATE messages
SET
    names = models.sensor_model,
    signature = CASE WHEN payload IS NOT NULL THEN hash(models.sensor_model, json_keys(payload)) END
FROM models, sensors
WHERE messages.device_id = models.device_id
    AND result_time >= models.valid_from
    AND (models.valid_to IS NULL OR result_time < models.valid_to)
    AND sensors.names = coalesce(messages.names, '')
    AND sensors.sensor_model IS DISTINCT FROM models.sensor_model
