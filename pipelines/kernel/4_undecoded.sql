-- Payloads that the gateway left as the device sent them.
SELECT row_id, names, encoded, is_hex, f_port
FROM messages
WHERE fault IS NULL AND encoded IS NOT NULL AND payload IS NULL AND row_id NOT IN (SELECT row_id FROM readings)
ORDER BY row_id
