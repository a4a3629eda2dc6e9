-- The words of the readings, each once: whose, which key, in which unit.
SELECT DISTINCT format, coalesce(names, '') AS names, is_payload, "key", coalesce(unit, '') AS unit
FROM readings
JOIN messages USING (row_id)
WHERE "key" IS NOT NULL
ORDER BY ALL
