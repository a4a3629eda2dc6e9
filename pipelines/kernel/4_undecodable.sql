-- A payload that is not what its sensor's model sends waits for a contract that reads it.
SELECT messages.* REPLACE (
    CASE WHEN undecodable.row_id IS NULL THEN fault ELSE 'undecodable_payload' END AS fault,
    CASE WHEN undecodable.row_id IS NULL THEN event_key END AS event_key
)
FROM messages
LEFT JOIN undecodable USING (row_id)
