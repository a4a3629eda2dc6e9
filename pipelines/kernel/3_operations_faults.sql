-- What the kind's contract says against a message.
SELECT messages.* REPLACE (
    coalesce(new_fault, fault) AS fault,
    CASE WHEN new_fault IS NULL THEN event_key END AS event_key
)
FROM messages
LEFT JOIN new_faults USING (row_id)
