-- The readings, each with what its words mean, or why they mean nothing.
SELECT readings.*, words.meaning_id, words.reason
FROM readings
JOIN messages USING (row_id)
JOIN words
    ON words.format = messages.format
    AND words.names = coalesce(messages.names, '')
    AND words.is_payload = readings.is_payload
    AND words.key = readings.key
    AND words.unit = coalesce(readings.unit, '')
