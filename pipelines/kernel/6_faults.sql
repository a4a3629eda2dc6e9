-- The records that cannot be taken for what they say: they wait in quarantine.
SELECT row_id, 'quarantined' AS verdict, [fault] AS reasons FROM messages WHERE fault IS NOT NULL
