-- The same in their order, each told whether its own time can be.
SELECT
    general.*,
    cannot_be(own_time, kafka_time) AS is_own_time_misdated
FROM general
JOIN records USING (row_id)
ORDER BY row_id, own_device_id, own_time, meaning_id, own_depth_cm, own_channel
