-- Every record, told: the format it is in, its text where that came in an envelope, what the envelope says.
-- Nothing is judged yet, nothing is lost: a record that cannot be read is a row with a fault. Rows stay in their order.
WITH seen AS (
    SELECT
        *,
        ${is_hot} AS is_hot,
        -- A CASE asks no more than it must; an OR asks both.
        CASE WHEN is_hot THEN true ELSE json_valid(text) END AS is_json
    FROM records
),
received AS (
    SELECT
        *,
        CASE WHEN is_json AND contains(text, 'specversion"') THEN from_json(text, '{
            "specversion": "VARCHAR", "subject": "VARCHAR", "time": "VARCHAR", "partitionkey": "VARCHAR",
            "tenant": "VARCHAR", "data": "JSON", "data_base64": "VARCHAR"
        }') END AS envelope
    FROM seen
),
opened AS (
    SELECT
        *,
        CASE
            WHEN envelope.specversion IS NULL THEN NULL
            WHEN envelope.data IS NOT NULL THEN plain_text(envelope.data)
            ELSE coalesce(try(decode(from_base64(envelope.data_base64))), '')
        END AS inner_text,
        inner_text IS NULL AND is_hot AS is_plainly_hot,
        coalesce(inner_text, text) AS content,
        mqtt_topic($$topic, "key") AS place,
        CASE WHEN inner_text IS NULL THEN is_json ELSE json_valid(inner_text) END AS is_readable
    FROM received
),
recognised AS (
    SELECT
        *,
        CASE
            WHEN is_plainly_hot THEN ${hot_format}
            WHEN is_readable THEN CASE ${recognition} END
        END::format_name AS format
    FROM opened
)
SELECT
    enum_code(format) AS format_code,
    inner_text,
    CASE WHEN envelope IS NOT NULL OR len(headers) > 0 THEN len(list_filter(
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
        WHEN format IS NOT NULL THEN NULL
        WHEN raw IS NULL THEN 'empty'
        WHEN is_readable THEN 'unknown_format'
        WHEN octet_length(raw) > 5 AND starts_with(hex(raw), '00') THEN 'confluent_wire_format'
        WHEN text IS NULL THEN 'not_utf8'
        ELSE 'not_json'
    END AS fault
FROM recognised
