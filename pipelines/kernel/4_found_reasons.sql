-- What was not understood in each message.
CREATE TEMP TABLE found_reasons AS
SELECT row_id, words.reason AS reason
FROM readings
JOIN messages USING (row_id)
JOIN words
    ON words.format = messages.format
    AND words.names = coalesce(messages.names, '')
    AND words.is_payload = readings.is_payload
    AND words.key = readings.key
    AND words.unit = coalesce(readings.unit, '')
WHERE words.reason IS NOT NULL
UNION ALL
SELECT row_id, reason FROM decoding_reasons
