    WITH ${common}
    SELECT
        row_id,
        device_name(device) AS device_id,
        CASE WHEN name = 'numValue' THEN coalesce(controlled, name) ELSE concat_ws('/', nullif(facts.entity_type, ''), name) END
            AS key,
        said,
        coalesce(
            attribute ->> '$.unitCode', attribute ->> '$.unitCode.value', attribute ->> '$.metadata.unitCode.value',
            attribute ->> '$.metadata.unit.value', attribute ->> '$.unitText',
            CASE WHEN name = 'numValue' THEN entity_unit END
        ) AS unit,
        CASE coalesce(
            attribute ->> '$.metadata.depth.value.unitCode', attribute ->> '$.metadata.depth.unitCode.value',
            attribute ->> '$.depth.unitCode', attribute ->> '$.depth.value.unitCode'
        )
            WHEN 'CMT' THEN 1
            WHEN 'MTR' THEN 100
            WHEN 'MMT' THEN 0.1
        END * try_cast(coalesce(
            attribute ->> '$.metadata.depth.value.value', attribute ->> '$.metadata.depth.value',
            attribute ->> '$.depth.value.value', attribute ->> '$.depth.value'
        ) AS DOUBLE) AS depth_cm,
        try_cast(nullif(regexp_extract(attribute ->> '$.datasetId', '([0-9]{1,4})$$', 1), '') AS INTEGER) AS channel,
        coalesce(own_time, moment(observed), moment(modified)) AS phenomenon_time
    FROM values_said
    JOIN facts USING (row_id, entity_id)
    WHERE json_type(said) IN ('BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE', 'BOOLEAN')
        OR (json_type(said) = 'VARCHAR' AND isfinite(try_cast(plain_text(said) AS DOUBLE)))
