-- The accepted records that there is something to say of, or that may be.
    SELECT row_id FROM found_reasons
    UNION ALL SELECT row_id FROM incomplete
    UNION ALL SELECT row_id FROM messages
    WHERE fault IS NULL AND (
        notes IS NOT NULL OR kind <> 'uplink' OR payload IS NULL
        OR signature IN (SELECT signature FROM signatures WHERE is_left_over OR len(reasons) > 0)
    )
