"""Readings in the words of platforms that name property and unit themselves: SensorThings, NGSI, our own JSON."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from pipelines.simulate.gateways import Headers
from pipelines.simulate.instruments import Value

_WEEK = [timedelta(hours=6) * place for place in range(28)]

Sent = tuple[bytes, Headers, tuple[Value, ...]]


class Said(NamedTuple):
    """A word for a property with the unit it is said in; what it means in the canonical unit."""

    word: str
    unit: Any
    property: str
    canonical: str
    low: float
    high: float
    factor: float = 1.0
    shift: float = 0.0
    depth_cm: float | None = None


def _ucum(code: str, symbol: str, name: str) -> dict[str, str]:
    return {"name": name, "symbol": symbol, "definition": f"ucum:{code}"}


OWN = (
    Said("soil_moisture", "%", "soil_moisture", "m3/m3", 5, 55, 0.01),
    Said("air_temperature", "[degF]", "air_temperature", "Cel", 15, 95, 5 / 9, -32 * 5 / 9),
    Said("air_pressure", "kPa", "air_pressure", "hPa", 93, 103, 10),
    Said("wind_speed", "km/h", "wind_speed", "m/s", 0, 70, 1 / 3.6),
    Said("soil_ec", "uS/cm", "soil_ec", "dS/m", 50, 3000, 0.001),
    Said("relative_humidity", None, "relative_humidity", "%", 20, 95),
    Said("co2", "ppm", "co2", "ppm", 380, 2500),
    Said("water_flow", "m3/h", "water_flow", "L/min", 0, 60, 1000 / 60),
)
DATASTREAMS = (
    Said("Soil moisture at 20 cm", _ucum("%", "%", "Percent"), "soil_moisture", "m3/m3", 5, 55, 0.01, depth_cm=20),
    Said("Air temperature", _ucum("Cel", "°C", "degree Celsius"), "air_temperature", "Cel", -15, 38),
    Said("Wind speed", {"name": "kilometre per hour", "symbol": "km/h", "definition": ""}, "wind_speed", "m/s", 0, 70,
         1 / 3.6),
    Said("Barometric pressure", _ucum("hPa", "hPa", "hectopascal"), "air_pressure", "hPa", 930, 1030),
)  # fmt: skip
PARCEL = (
    Said("soilTemperature", "CEL", "soil_temperature", "Cel", 1, 35),
    Said("soilMoistureVwc", "C62", "soil_moisture", "m3/m3", 0.05, 0.55),
    Said("soilMoistureEc", "D10", "soil_ec", "dS/m", 0.01, 0.3, 10),
    Said("relativeHumidity", None, "relative_humidity", "%", 0.2, 0.95, 100),
    Said("solarRadiation", None, "solar_radiation", "W/m2", 0, 1, 1000),
    Said("airTemperature", "FAH", "air_temperature", "Cel", 15, 95, 5 / 9, -32 * 5 / 9),
)
WEATHER = (
    Said("temperature", None, "air_temperature", "Cel", -15, 38),
    Said("relativeHumidity", None, "relative_humidity", "%", 0.2, 0.95, 100),
    Said("windSpeed", None, "wind_speed", "m/s", 0, 19),
    Said("windDirection", None, "wind_direction", "deg", 0, 359),
    Said("precipitation", None, "precipitation", "mm", 0, 9),
    Said("atmosphericPressure", None, "air_pressure", "hPa", 930, 1030),
    Said("solarRadiation", None, "solar_radiation", "W/m2", 0, 1000),
)


def _draw(said: Said, chance: Random, **where: Any) -> tuple[float, Value]:
    number = round(chance.uniform(said.low, said.high), 3)
    meant = {"depth_cm": said.depth_cm} | where
    return number, Value(said.property, said.canonical, number * said.factor + said.shift, **meant)


def own_json(device: str, time: datetime, chance: Random) -> Sent:
    """Return one document with a few properties."""
    return _own({"device_id": device, "time": time.isoformat()}, chance)


def binary_cloudevent(device: str, time: datetime, chance: Random) -> Sent:
    """Return our own JSON whose device and time stand in CloudEvents' headers."""
    body, _, values = _own({}, chance)
    named = {"ce_specversion": "1.0", "ce_subject": device, "ce_time": time.isoformat(), "ce_type": "reading"}
    return body, tuple((name, text.encode()) for name, text in named.items()), values


def structured_cloudevent(device: str, time: datetime, chance: Random) -> Sent:
    """Return our own JSON in an envelope that says device and time."""
    body, _, values = _own({}, chance)
    about = {"specversion": "1.0", "id": f"{device}-{time.isoformat()}", "source": "urn:farm", "type": "reading"}
    return _json({**about, "subject": device, "time": time.isoformat(), "data": json.loads(body)}), (), values


def loggers_week(device: str, time: datetime, chance: Random) -> Sent:
    """Return a week of readings, six hours apart, each with its own time."""
    drawn = [_draw(OWN[0], chance, channel=1, depth_cm=10.0, seconds_before=int(ago.total_seconds())) for ago in _WEEK]
    listed = [
        {"property": "soil_moisture", "value": number, "unit": "%", "depth_cm": 10, "channel": 1,
         "time": (time - ago).isoformat()}
        for (number, _), ago in zip(drawn, _WEEK, strict=True)
    ]  # fmt: skip
    said = {"device_id": device, "time": time.isoformat(), "tenant_id": "acme", "observations": listed}
    return _json(said), (), tuple(value for _, value in drawn)


def two_devices(device: str, time: datetime, chance: Random) -> Sent:
    """Return two documents in one message, each of a device of its own."""
    documents, values = [], list[Value]()
    for name in (f"{device}-a", f"{device}-b"):
        body, _, own = _own({"device_id": name, "time": time.isoformat()}, chance)
        documents.append(json.loads(body))
        values += [value._replace(device_id=name) for value in own]
    return _json(documents), (), tuple(values)


def observation(device: str, time: datetime, chance: Random) -> Sent:
    """Return a SensorThings observation over the hour before, inside which its Datastream is told."""
    said = chance.choice(DATASTREAMS)
    number, value = _draw(said, chance, seconds_before=3600)
    begun = (time - timedelta(hours=1)).isoformat()
    told = {"phenomenonTime": f"{begun}/{time.isoformat()}", "resultTime": None, "result": number}
    return _json({**told, "Datastream": _datastream(said, device)}), (), (value,)


def data_array(device: str, time: datetime, chance: Random) -> Sent:
    """Return a SensorThings data array: one Datastream, four times."""
    said = chance.choice(DATASTREAMS)
    ago = [timedelta(minutes=15) * place for place in range(4)]
    drawn = [_draw(said, chance, seconds_before=int(each.total_seconds())) for each in ago]
    rows = [[number, (time - each).isoformat()] for (number, _), each in zip(drawn, ago, strict=True)]
    told = {"components": ["result", "phenomenonTime"], "dataArray@iot.count": 4, "dataArray": rows}
    return _json([{"Datastream": _datastream(said, device), **told}]), (), tuple(value for _, value in drawn)


def parcel_record(device: str, time: datetime, chance: Random) -> Sent:
    """Return an NGSI v2 entity, normalised, with UN/CEFACT units."""
    entity: dict[str, Any] = {"id": f"urn:ngsi-ld:AgriParcelRecord:{device}", "type": "AgriParcelRecord"}
    entity["dateObserved"] = {"type": "DateTime", "value": time.isoformat()}
    entity["refDevice"] = {"type": "Text", "value": device}
    values = []
    for said in chance.sample(PARCEL, 4):
        number, value = _draw(said, chance)
        units = {"unitCode": {"value": said.unit}} if said.unit else {}
        entity[said.word] = {"type": "Number", "value": number, "metadata": units}
        values.append(value)
    return _json(entity), (), tuple(values)


def weather_notification(device: str, time: datetime, chance: Random) -> Sent:
    """Return a notification of key-values; its own id differs from one delivery to the next."""
    entity: dict[str, Any] = {"id": f"weather-{device}", "type": "WeatherObserved", "refDevice": device}
    entity["dateObserved"] = time.isoformat()
    drawn = [(said.word, *_draw(said, chance)) for said in chance.sample(WEATHER, 5)]
    entity |= {word: number for word, number, _ in drawn}
    told = {"subscriptionId": "s-1", "data": [entity]}
    return _json(told), (("Fiware-Service", b"acme"),), tuple(value for *_, value in drawn)


def normalized(device: str, time: datetime, chance: Random) -> Sent:
    """Return The Things Stack's uplink with a normalised payload, which comes before what a decoder gave."""
    moisture, temperature, humidity = (round(chance.uniform(*limits), 1) for limits in ((5, 55), (1, 30), (20, 95)))
    payload = [{"soil": {"depth": 20, "moisture": moisture}}, {"air": {"temperature": temperature}},
               {"air": {"relativeHumidity": humidity}}]  # fmt: skip
    said = {
        "end_device_ids": {"device_id": device},
        "received_at": time.isoformat(),
        "uplink_message": {
            "session_key_id": time.isoformat(), "received_at": time.isoformat(), "f_port": 1,
            "decoded_payload": {"x": 1}, "normalized_payload": payload,
        },
    }  # fmt: skip
    return _json(said), (), (
        Value("soil_moisture", "m3/m3", moisture * 0.01, depth_cm=20.0),
        Value("air_temperature", "Cel", temperature),
        Value("relative_humidity", "%", humidity),
    )  # fmt: skip


PLATFORMS: dict[str, Callable[[str, datetime, Random], Sent]] = {
    each.__name__: each
    for each in (
        own_json, binary_cloudevent, structured_cloudevent, loggers_week, two_devices, observation, data_array,
        parcel_record, weather_notification, normalized,
    )
}  # fmt: skip


def _own(about: dict[str, Any], chance: Random) -> Sent:
    drawn = [(said, *_draw(said, chance)) for said in chance.sample(OWN, 4)]
    listed = [
        {"property": said.word, "value": number, **({"unit": said.unit} if said.unit else {})}
        for said, number, _ in drawn
    ]
    return _json({**about, "observations": listed}), (), tuple(value for *_, value in drawn)


def _datastream(said: Said, device: str) -> dict[str, Any]:
    return {
        "@iot.id": 1,
        "name": said.word,
        "unitOfMeasurement": said.unit,
        "ObservedProperty": {"name": said.word.partition(" at ")[0]},
        "Thing": {"@iot.id": device, "name": f"station {device}"},
    }


def _json(said: object) -> bytes:
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()
