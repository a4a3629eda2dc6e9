-- Every record, read: its text out of whatever envelope it came in, the format it is in, what its envelope says.
-- Nothing is judged yet, nothing is lost: a record that cannot be read is a row with a fault.
CREATE TEMP TABLE texts AS
WITH received AS (
    SELECT
        *,
        ${validity} AS is_json,
        CASE WHEN is_json AND contains(text, 'specversion"') THEN from_json(text, '{
            "specversion": "VARCHAR", "subject": "VARCHAR", "time": "VARCHAR", "partitionkey": "VARCHAR",
            "tenant": "VARCHAR", "data": "JSON", "data_base64": "VARCHAR"
        }') END AS envelope,
        CASE WHEN contains($$topic, '/') THEN $$topic ELSE try(decode("key")) END AS place
    FROM records
),
opened AS (
    SELECT
        *,
        CASE
            WHEN envelope.specversion IS NULL THEN NULL
            WHEN envelope.data IS NOT NULL THEN plain_text(envelope.data)
            ELSE coalesce(try(decode(from_base64(envelope.data_base64))), '')
        END AS inner_text,
        coalesce(inner_text, text) AS content,
        CASE WHEN inner_text IS NULL THEN is_json ELSE json_valid(inner_text) END AS is_readable
    FROM received
)
SELECT
    row_id,
    CASE WHEN is_readable THEN CASE ${recognition} END END::format_name AS format,
    inner_text,
    place,
    coalesce(
        header(headers, 'event'),
        CASE WHEN contains(place, 'event') THEN nullif(regexp_extract(place, '[./]event[./]([a-z]+)$$', 1), '') END
    ) AS event_name,
    CASE WHEN envelope IS NOT NULL OR headers IS NOT NULL THEN len(list_filter(
        [
            envelope.tenant, header(headers, 'ce_tenant'), header(headers, 'ngsild-tenant'),
            header(headers, 'fiware-service')
        ],
        lambda claim: claim <> '' AND lower(claim) <> lower($$tenant_id)
    )) > 0 END AS is_claimed,
    coalesce(
        envelope.subject, envelope.partitionkey, header(headers, 'ce_subject'), header(headers, 'ce_partitionkey')
    ) AS envelope_device,
    coalesce(envelope.time, header(headers, 'ce_time')) AS envelope_time,
    CASE
        WHEN raw IS NULL THEN 'empty'
        WHEN is_readable AND format IS NULL THEN 'unknown_format'
        WHEN is_readable THEN NULL
        WHEN octet_length(raw) > 5 AND starts_with(hex(raw), '00') THEN 'confluent_wire_format'
        WHEN text IS NULL THEN 'not_utf8'
        ELSE 'not_json'
    END AS fault
FROM opened
