-- What was not understood in each message.
SELECT row_id, reason FROM understood WHERE reason IS NOT NULL
UNION ALL
SELECT row_id, reason FROM decoding_reasons
