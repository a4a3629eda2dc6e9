    WITH parts AS (
        SELECT
            row_id,
            unnest(CASE WHEN json_type(text) = 'ARRAY' THEN from_json(text, '["JSON"]') ELSE [text::JSON] END) AS part
        FROM source
    ),
    documents AS (
        SELECT
            row_id,
            from_json(part, '{
                "device_id": "VARCHAR", "time": "VARCHAR",
                "observations": [{
                    "property": "VARCHAR", "value": "JSON", "unit": "VARCHAR", "depth_cm": "DOUBLE",
                    "channel": "INTEGER", "time": "VARCHAR"
                }]
            }') AS m
        FROM parts
    ),
    observations AS (
        SELECT row_id, m, unnest(m.observations) AS reading FROM documents
    )
    SELECT
        row_id,
        device_name(m.device_id) AS device_id,
        reading.property AS key,
        reading.value AS said,
        reading.unit AS unit,
        reading.depth_cm AS depth_cm,
        reading.channel AS channel,
        moment(coalesce(reading.time, m.time)) AS phenomenon_time
    FROM observations
