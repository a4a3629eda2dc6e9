-- The same in their order, each told whether its own time can be.
SELECT
    general.*,
    own_time < TIMESTAMPTZ '2000-01-01' OR own_time > kafka_time + INTERVAL 1 DAY AS is_own_time_misdated
FROM general
JOIN records USING (row_id)
ORDER BY row_id, own_device_id, own_time, meaning_id, own_depth_cm, own_channel
