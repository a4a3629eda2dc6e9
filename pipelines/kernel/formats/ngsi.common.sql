    entities AS (
        SELECT
            row_id,
            row_number() OVER () AS entity_id,
            CASE WHEN entity ->> '$.type' = 'Feature'
                THEN json_merge_patch(entity -> '$.properties', json_object('id', entity ->> '$.id'))
                ELSE entity
            END AS entity
        FROM (
            SELECT
                row_id,
                unnest(CASE
                    WHEN json_type(text) = 'ARRAY' THEN from_json(text, '["JSON"]')
                    WHEN json_type(text, '$.data') = 'ARRAY' THEN from_json(json_extract(text, '$.data'), '["JSON"]')
                    ELSE [text::JSON]
                END) AS entity
            FROM source
        )
    ),
    -- An attribute has several values where several sources give it (datasetId); key-values have the value alone.
    attributes AS (
        SELECT
            row_id,
            entity_id,
            entity ->> '$.id' AS id,
            coalesce(entity ->> '$.type', '') AS entity_type,
            regexp_replace(member.key, '^.*[/#]', '') AS name,
            unnest(CASE
                WHEN member.type = 'ARRAY' AND json_type(member.value, '$[0].value') IS NOT NULL
                    THEN from_json(member.value, '["JSON"]')
                ELSE [member.value]
            END) AS attribute,
            coalesce(
                attribute -> '$.value', attribute -> '$.object', attribute -> '$."@value"',
                CASE WHEN json_type(attribute) NOT IN ('OBJECT', 'NULL') THEN attribute END
            ) AS said
        FROM entities, json_each(CASE WHEN json_type(entity) = 'OBJECT' THEN entity ELSE '{}' END) AS member
        WHERE member.key NOT IN ('id', 'type', '@context', '@id', '@type')
    ),
    facts AS (
        SELECT
            row_id,
            entity_id,
            any_value(id) AS id,
            any_value(entity_type) AS entity_type,
            coalesce(
                any_value(plain_text(said)) FILTER (name = 'refDevice' AND json_type(said) = 'VARCHAR'),
                any_value(said ->> '$[0]') FILTER (
                    name IN ('refDevice', 'hasDevice') AND json_type(said) = 'ARRAY' AND json_array_length(said) = 1
                ),
                any_value(plain_text(said)) FILTER (name = 'hasDevice' AND json_type(said) = 'VARCHAR'),
                any_value(id)
            ) AS device,
            any_value(plain_text(said)) FILTER (name = 'controlledProperty' AND json_type(said) = 'VARCHAR') AS controlled,
            any_value(plain_text(said)) FILTER (name IN ('unit', 'unitCode')) AS entity_unit,
            any_value(coalesce(said ->> '$."@value"', plain_text(said))) FILTER (
                name IN ('dateObserved', 'observedAt', 'TimeInstant', 'timestamp', 'dateObservedFrom')
            ) AS observed,
            any_value(coalesce(said ->> '$."@value"', plain_text(said))) FILTER (
                name IN ('dateModified', 'modifiedAt', 'dateLastValueReported')
            ) AS modified
        FROM attributes
        GROUP BY row_id, entity_id
    ),
    values_said AS (
        SELECT
            attributes.*,
            moment(coalesce(
                attribute ->> '$.observedAt', attribute ->> '$.observedAt.value',
                attribute ->> '$.metadata.timestamp.value', attribute ->> '$.metadata.TimeInstant.value',
                attribute ->> '$.metadata.observedAt.value', attribute ->> '$.metadata.dateObserved.value',
                attribute ->> '$.timestamp.value', attribute ->> '$.dateObserved.value'
            )) AS own_time
        FROM attributes
        WHERE regexp_full_match(name, '[A-Za-z0-9_.-]+')
    )
