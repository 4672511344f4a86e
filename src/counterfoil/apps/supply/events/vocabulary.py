"""The words of the Core Business Vocabulary, and how each is written in full.

JSON writes them bare (`receiving`), XML as URNs; hashes write them as web URIs. This module knows
which field takes which words, and refuses to guess for other fields.
Source: GS1 CBV 2.0, 7 and 8; EPCIS 2.0 JSON-LD context.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

__all__ = [
    "CBV",
    "DISPOSITIONS",
    "PREFIXES",
    "SPOKEN",
    "STEPS",
    "VOCABULARIES",
    "WEB",
    "bare",
    "expand",
    "in_full",
]

CBV: Final = "https://ref.gs1.org/cbv/"
WEB: Final = "https://gs1.org/voc/"
"""The GS1 web vocabulary, in which measurements and alerts stand."""

SPOKEN: Final = {"cbv": CBV, "gs1": WEB}
"""Prefixes of compact URIs that stand in values of XML documents, whether declared or not."""

PREFIXES: Final = {"cbv": CBV, "gs1": WEB, "cbvmda": "urn:epcglobal:cbv:mda:"}
"""Prefixes that need no declaration."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STEPS: Final = _words(
    "accepting arriving assembling collecting commissioning consigning "
    "creating_class_instance cycle_counting decommissioning departing destroying "
    "disassembling dispensing encoding entering_exiting holding inspecting installing "
    "killing loading other packing picking receiving removing repackaging repairing "
    "replacing reserving retail_selling sampling sensor_reporting shipping "
    "staging_outbound stock_taking stocking storing transporting unloading unpacking "
    "void_shipping"
)
DISPOSITIONS: Final = _words(
    "active available completeness_inferred completeness_verified conformant "
    "container_closed container_open damaged destroyed dispensed disposed encoded "
    "expired in_progress in_transit inactive mismatch_class mismatch_instance "
    "mismatch_quantity needs_replacement no_pedigree_match non_conformant "
    "non_sellable_other partially_dispensed recalled reserved retail_sold returned "
    "sellable_accessible sellable_not_accessible stolen unavailable unknown"
)
_TRANSACTIONS: Final = _words(
    "bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt"
)
_PLACES: Final = frozenset({"location", "owning_party", "possessing_party"})
_REASONS: Final = frozenset({"did_not_occur", "incorrect_data"})
_MEASUREMENTS: Final = _words(
    "AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Altitude "
    "AmountOfSubstance AmountOfSubstancePerUnitVolume Angle AngularAcceleration "
    "AngularMomentum AngularVelocity Area Capacitance Conductance Conductivity Count "
    "Density Dimensionless DoseEquivalent DoseEquivalentRate DynamicViscosity "
    "ElectricCharge ElectricCurrent ElectricCurrentDensity ElectricFieldStrength Energy "
    "Exposure Force Frequency Illuminance Inductance Irradiance KinematicViscosity "
    "Length LinearMomentum Luminance LuminousFlux LuminousIntensity MagneticFlux "
    "MagneticFluxDensity MagneticVectorPotential Mass MassConcentration MassFlowRate "
    "MassPerAreaTime MemoryCapacity MolalityOfSolute MolarEnergy MolarMass MolarVolume "
    "Power Pressure RadiantFlux RadiantIntensity Radioactivity RelativeHumidity "
    "Resistance Resistivity SolidAngle SpecificVolume Speed SurfaceDensity "
    "SurfaceTension Temperature Time Torque Voltage Volume VolumeFlowRate VolumeFraction "
    "VolumetricFlux Wavenumber"
)
_ALERTS: Final = frozenset({"ALARM_CONDITION", "ERROR_CONDITION"})
_COMPONENTS: Final = _words(
    "altitude axial_distance azimuth easting elevation_angle height latitude longitude "
    "northing polar_angle spherical_radius x y z"
)

VOCABULARIES: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "bizStep": (f"{CBV}BizStep-", STEPS),
    "disposition": (f"{CBV}Disp-", DISPOSITIONS),
    "set": (f"{CBV}Disp-", DISPOSITIONS),
    "unset": (f"{CBV}Disp-", DISPOSITIONS),
    "bizTransaction type": (f"{CBV}BTT-", _TRANSACTIONS),
    "source type": (f"{CBV}SDT-", _PLACES),
    "destination type": (f"{CBV}SDT-", _PLACES),
    "reason": (f"{CBV}ER-", _REASONS),
    "sensorReport type": (WEB, _MEASUREMENTS),
    "exception": (WEB, _ALERTS),
    "component": (f"{CBV}Comp-", _COMPONENTS),
}
"""Field -> how its words begin in full, and the words."""

_URNS: Final = {
    "urn:epcglobal:cbv:bizstep:": f"{CBV}BizStep-",
    "urn:epcglobal:cbv:disp:": f"{CBV}Disp-",
    "urn:epcglobal:cbv:btt:": f"{CBV}BTT-",
    "urn:epcglobal:cbv:sdt:": f"{CBV}SDT-",
    "urn:epcglobal:cbv:er:": f"{CBV}ER-",
}
_BARE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def expand(value: str, namespaces: Mapping[str, str], *, declared: bool = False) -> str:
    """Write a compact URI in full, and a vocabulary's URN as its web URI; other text stays.

    namespaces: prefix -> URI, as the document declares them. declared: only these prefixes, and
    not GS1's own where they are not among them.
    """
    for urn, web in _URNS.items():
        if value.startswith(urn):
            return web + value[len(urn) :]
    prefix, colon, rest = value.partition(":")
    if not colon or rest.startswith("//"):
        return value
    uri = namespaces.get(prefix) or (None if declared else SPOKEN.get(prefix))
    return value if uri is None else uri + rest


def in_full(
    field: str, value: str, namespaces: Mapping[str, str], *, declared: bool = False
) -> str:
    """Write a field's word in full, as hashes have it; what is no bare word as `expand` does.

    field: of `VOCABULARIES`, or any other, for which no bare word is one of a vocabulary.
    """
    known = VOCABULARIES.get(field)
    if known is not None and _BARE.fullmatch(value):
        return known[0] + value
    return expand(value, namespaces, declared=declared)


def bare(field: str, value: str, namespaces: Mapping[str, str]) -> str:
    """Write a field's word as JSON has it, where the vocabulary has it; other text stays."""
    begins, words = VOCABULARIES[field]
    full = in_full(field, value, namespaces)
    word = full.removeprefix(begins)
    return word if full != word and word in words else value
