-- A payload that is not what its sensor's model sends waits for a contract that reads it.
UPDATE messages
SET fault = 'undecodable_payload', event_key = NULL
WHERE row_id IN (SELECT row_id FROM undecodable)
