-- A payload that says one key twice contradicts itself; which of the two counts is nobody's to guess.
SELECT messages.* REPLACE (
    coalesce(fault, payload_fault) AS fault,
    CASE WHEN payload_fault IS NULL THEN event_key END AS event_key
)
FROM messages
LEFT JOIN signatures USING (signature)
