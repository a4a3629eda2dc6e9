    WITH ${common},
    -- Several observed properties in one stream give a list of results, in their order.
    single AS (
        SELECT
            *,
            unnest(CASE
                WHEN json_type(stream, '$.unitOfMeasurements') = 'ARRAY' AND json_type(result) = 'ARRAY'
                    THEN range(json_array_length(result)::BIGINT)
                ELSE [NULL]
            END) AS place_in_list
        FROM observations
    )
    SELECT
        row_id,
        device_name(device) AS device_id,
        CASE
            WHEN stream IN ('{}', 'null') OR (NOT json_exists(stream, '$.unitOfMeasurement') AND place_in_list IS NULL)
                THEN 'Datastreams(' || coalesce(stream_id, '') || ')'
            ELSE concat_ws(
                chr(31),
                coalesce(stream ->> '$.ObservedProperty.name', json_extract_string(stream, '$.ObservedProperties[' || place_in_list || '].name')),
                regexp_extract(stream ->> '$.ObservedProperty.definition', '([^/#]+)/?$$', 1),
                stream ->> '$.name',
                stream ->> '$.description'
            )
        END AS key,
        CASE WHEN place_in_list IS NULL THEN result ELSE json_extract(result, '$[' || place_in_list || ']') END AS said,
        concat_ws(
            chr(31),
            coalesce(stream ->> '$.unitOfMeasurement.definition', json_extract_string(stream, '$.unitOfMeasurements[' || place_in_list || '].definition')),
            coalesce(stream ->> '$.unitOfMeasurement.symbol', json_extract_string(stream, '$.unitOfMeasurements[' || place_in_list || '].symbol')),
            coalesce(stream ->> '$.unitOfMeasurement.name', json_extract_string(stream, '$.unitOfMeasurements[' || place_in_list || '].name'))
        ) AS unit,
        try_cast(coalesce(
            parameters ->> '$.depth_cm', stream ->> '$.properties.depth_cm',
            nullif(regexp_extract(concat_ws(' ', stream ->> '$.name', stream ->> '$.description'), '([0-9]+(?:\.[0-9]+)?) ?cm\b', 1), '')
        ) AS DOUBLE) AS depth_cm,
        try_cast(coalesce(parameters ->> '$.channel', stream ->> '$.properties.channel') AS INTEGER) AS channel,
        coalesce(moment(phenomenon), moment(resulted)) AS phenomenon_time
    FROM single
    WHERE result IS NOT NULL
