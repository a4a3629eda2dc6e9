-- A payload that says one key twice contradicts itself; which of the two counts is nobody's to guess.
UPDATE messages
SET fault = payload_fault, event_key = NULL
FROM signatures
WHERE messages.signature = signatures.signature AND messages.fault IS NULL AND payload_fault IS NOT NULL
