-- The verdicts that the ledger already holds: silver is brought level with bronze, never judged a second time.
CREATE TEMP TABLE verdicts AS
SELECT
    messages.row_id,
    records.verdict,
    records.reasons
FROM messages
JOIN records ON records."partition" = messages."partition" AND records."offset" = messages."offset"
