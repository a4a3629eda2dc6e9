"""What refet, called directly, makes of days of the real field."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import refet


def refets_eto_mm(days: pd.DataFrame, *, latitude_deg: float) -> npt.NDArray[np.float64]:
    """Reference evapotranspiration of each day at US-Tw3: the anemometer at 2.8 m, the field 9 m below the sea."""
    return refet.Daily(
        tmin=days["air_temperature_min_c"].to_numpy(),
        tmax=days["air_temperature_max_c"].to_numpy(),
        ea=days["actual_vapour_pressure_kpa"].to_numpy(),
        rs=days["solar_radiation_mj_m2"].to_numpy(),
        uz=days["wind_speed_mean_m_s"].to_numpy(),
        zw=2.8,
        elev=-9.0,
        lat=latitude_deg,
        doy=pd.to_datetime(days.index).dayofyear.to_numpy(),
        method="asce",
    ).eto()
