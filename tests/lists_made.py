"""Small sanctions lists of people who do not exist, in every form that is read."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

__all__ = ["FTM", "OFAC_XML", "SIMPLE", "UN_XML", "write_sdn"]

SDN = (
    '101,"SOKOLOV, Grigory Pavlovich","individual","TEST-A] [TEST-B","Minister",-0- ,-0- ,-0- ,'
    '-0- ,-0- ,-0- ,"DOB 05 Mar 1961; alt. DOB 1962; POB Tula, Russia; nationality Russia; '
    "a.k.a. 'THE FALCON'.\"\n"
    '102,"NORTHERN DELTA TRADING LLC",-0- ,"TEST-A",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \n'
    '103,"SEA HERON 4","vessel","TEST-A",-0- ,-0- ,"Tanker",-0- ,-0- ,"Panama",-0- ,-0- \n'
    '104,"AL-MANSOURI, Khalid Yusuf","individual","TEST-A",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,'
    '"DOB circa 1970."\n'
)
ALT = (
    '101,1,"aka","SOKOLOFF, Grigori",-0- \n'
    '102,2,"fka","DELTA COMMERCE COMPANY",-0- \n'
    '999,3,"aka","OF NOBODY HERE",-0- \n'
)
ADD = '102,1,-0- ,"Limassol","Cyprus",-0- \n\x1a'

OFAC_XML = """<?xml version="1.0" standalone="yes"?>
<sdnList xmlns="http://tempuri.org/sdnList.xsd">
  <publshInformation><Publish_Date>07/02/2021</Publish_Date><Record_Count>2</Record_Count>
  </publshInformation>
  <sdnEntry><uid>101</uid><firstName>Grigory Pavlovich</firstName><lastName>SOKOLOV</lastName>
    <sdnType>Individual</sdnType><programList><program>TEST-A</program></programList>
    <akaList><aka><uid>1</uid><type>a.k.a.</type><category>strong</category>
      <lastName>SOKOLOFF</lastName><firstName>Grigori</firstName></aka>
      <aka><uid>2</uid><type>a.k.a.</type><category>weak</category>
      <lastName>THE FALCON</lastName></aka></akaList>
    <nationalityList><nationality><uid>5</uid><country>Russia</country></nationality>
    </nationalityList>
    <dateOfBirthList><dateOfBirthItem><uid>7</uid><dateOfBirth>05 Mar 1961</dateOfBirth>
      <mainEntry>true</mainEntry></dateOfBirthItem></dateOfBirthList></sdnEntry>
  <sdnEntry><uid>102</uid><lastName>NORTHERN DELTA TRADING LLC</lastName>
    <sdnType>Entity</sdnType></sdnEntry>
</sdnList>
"""

UN_XML = """<?xml version="1.0" encoding="UTF-8"?>
<CONSOLIDATED_LIST dateGenerated="2026-03-01T00:00:00Z">
 <INDIVIDUALS>
  <INDIVIDUAL><DATAID>6900001</DATAID><VERSIONNUM>1</VERSIONNUM>
   <FIRST_NAME>GRIGORY</FIRST_NAME><SECOND_NAME>PAVLOVICH</SECOND_NAME>
   <THIRD_NAME>SOKOLOV</THIRD_NAME><UN_LIST_TYPE>Test</UN_LIST_TYPE>
   <NAME_ORIGINAL_SCRIPT>Григорий Соколов</NAME_ORIGINAL_SCRIPT>
   <NATIONALITY><VALUE>Russian Federation</VALUE></NATIONALITY>
   <INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>Grigori Sokoloff</ALIAS_NAME>
   </INDIVIDUAL_ALIAS>
   <INDIVIDUAL_ALIAS><QUALITY>Low</QUALITY><ALIAS_NAME>The Falcon</ALIAS_NAME>
   </INDIVIDUAL_ALIAS>
   <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>BETWEEN</TYPE_OF_DATE><FROM_YEAR>1960</FROM_YEAR>
    <TO_YEAR>1962</TO_YEAR></INDIVIDUAL_DATE_OF_BIRTH></INDIVIDUAL>
 </INDIVIDUALS>
 <ENTITIES>
  <ENTITY><DATAID>6900002</DATAID><FIRST_NAME>NORTHERN DELTA TRADING</FIRST_NAME>
   <ENTITY_ALIAS><QUALITY>a.k.a.</QUALITY><ALIAS_NAME>Delta Commerce</ALIAS_NAME></ENTITY_ALIAS>
   <ENTITY_ADDRESS><COUNTRY>Cyprus</COUNTRY></ENTITY_ADDRESS></ENTITY>
  <ENTITY><DATAID>6900003</DATAID></ENTITY>
 </ENTITIES>
</CONSOLIDATED_LIST>
"""

SIMPLE = (
    "id,schema,name,aliases,birth_date,countries,addresses,identifiers,sanctions,phones,emails,"
    "dataset,first_seen,last_seen,last_change\n"
    'NK-1,Person,Grigory Sokolov,"Grigori Sokoloff;""Sokolov; the Falcon""",1961-03-05;1962,ru,,,'
    "TEST,,,Test list,2026-01-01,2026-03-01,2026-02-03T10:00:00\n"
    "NK-2,Company,Northern Delta Trading LLC,,,cy,,,TEST,,,Test list,2026-01-01,2026-03-01,\n"
    "NK-3,Address,1 Road,,,cy,,,,,,Test list,2026-01-01,2026-03-01,\n"
)

FTM = "".join(
    f"{json.dumps(one)}\n"
    for one in (
        {
            "id": "NK-1",
            "caption": "Grigory Sokolov",
            "schema": "Person",
            "properties": {
                "name": ["Григорий Соколов", "Grigory Sokolov"],
                "alias": ["Grigori Sokoloff"],
                "weakAlias": ["The Falcon"],
                "birthDate": ["1961-03-05"],
                "nationality": ["ru"],
                "programId": ["TEST"],
            },
            "datasets": ["test"],
            "last_change": "2026-02-03T10:00:00",
        },
        {"id": "NK-9", "schema": "Sanction", "properties": {"entity": ["NK-1"]}},
        {"id": "NK-4", "schema": "Vessel", "properties": {"name": ["Sea Heron 4"]}},
    )
)


def write_sdn(folder: Path, *, packed: bool = False) -> Path:
    """Write the Treasury's three files into a folder."""
    folder.mkdir()
    for name, text in (("sdn", SDN), ("alt", ALT), ("add", ADD)):
        data = text.encode()
        if packed:
            (folder / f"{name}.csv.gz").write_bytes(gzip.compress(data))
        else:
            (folder / f"{name}.csv").write_bytes(data)
    return folder
