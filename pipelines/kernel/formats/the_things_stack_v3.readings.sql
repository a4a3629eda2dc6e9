    -- The normalised payload: one measurement, or a list of them, each with its own time and depth.
    WITH measurements AS (
        SELECT
            row_id,
            unnest(CASE WHEN json_type(normalized) = 'ARRAY' THEN from_json(normalized, '["JSON"]') ELSE [normalized] END)
                AS measurement
        FROM (
            SELECT
                row_id,
                coalesce(
                    json_extract(text, '$.uplink_message.normalized_payload'),
                    json_extract(text, '$.result.uplink_message.normalized_payload'),
                    json_extract(text, '$.data.uplink_message.normalized_payload')
                ) AS normalized
            FROM source
        )
    ),
    branches AS (
        SELECT
            row_id,
            moment(measurement ->> '$.time') AS phenomenon_time,
            branch.key AS branch_key,
            branch.value AS branch_value,
            branch.type AS branch_type
        FROM measurements, json_each(measurement) AS branch
        WHERE branch.key <> 'time'
    )
    SELECT
        row_id,
        NULL::VARCHAR AS device_id,
        concat_ws('.', branch_key, nullif(leaf.key, '')) AS key,
        leaf.value AS said,
        NULL::VARCHAR AS unit,
        CASE WHEN branch_key = 'soil' THEN try_cast(branch_value ->> '$.depth' AS DOUBLE) END AS depth_cm,
        NULL::INTEGER AS channel,
        phenomenon_time
    FROM branches, json_each(CASE WHEN branch_type = 'OBJECT' THEN branch_value ELSE json_object('', branch_value) END) AS leaf
    WHERE (branch_key, leaf.key) <> ('soil', 'depth')
