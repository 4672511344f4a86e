"""Words that carry little of a name, and words that stand for others.

A title, a particle or `trading` says less about who is meant than a family name; `Bill` stands for
`William`, `intl` for `international`, `forty-four` for 44. These are lists of general knowledge,
short on purpose. This module refuses words of any one sanctions list.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "ABBREVIATIONS",
    "ARTICLES",
    "FILIAL",
    "GENERIC",
    "HONOURS",
    "LITTLE",
    "NUMERALS",
    "PARTICLES",
    "ROMAN",
    "SPELLINGS",
    "TITLES",
    "VESSEL_PREFIXES",
]


def _words(text: str) -> list[str]:
    return text.split()


TITLES: Final = frozenset(
    _words(
        """mr mrs ms miss mister dr doctor prof professor sir lady lord dame rev reverend president
        general gen colonel col captain capt major maj lieutenant lt brigadier admiral minister
        premier king queen prince princess sultan emir ayatollah hojjatoleslam imam ustad ustaz
        engineer eng ing lic don dona senor senora herr frau monsieur madame comandante commander
        ambassador judge senator governor hon honorable chief saint st"""
    )
)
"""Titles and ranks, where a name begins with them."""

HONOURS: Final = frozenset(
    _words(
        """sheikh shaikh sheik shaykh cheikh haji hajji hadji haj alhaj hajj mullah mulla mullo
        maulana mawlana maulawi mawlawi maulavi qari hafiz sayyid sayed sayid syed sayyed agha jr
        junior sr senior esq phd md"""
    )
)
"""Honours that stand anywhere; several are also names, so that they weigh little, not nothing."""

ARTICLES: Final = frozenset(
    _words("""al el ul ud ur as ash ad ar an at az es il ol oul eddine aal l""")
)
"""Forms of the Arabic article."""

FILIAL: Final = frozenset(
    _words("""bin ben ibn bint binti ould wuld ogly oglu oglou uly kyzy qizi""")
)
"""Words for son and daughter of."""

PARTICLES: Final = frozenset(
    _words(
        """de del della delle dello di da do dos
    das du des d la le les los las lo van von vom vander
    der den zu zur zum ter ten te af av y e i u o and und et of the for na ap mac st abu abou
    umm a an to in on und"""
    )
)
"""Particles of personal names, and the little words of others."""

LITTLE: Final = frozenset(
    _words(
        """the of and und et y e i for de del la
    le les los las der die das du des di da do dos a an in
    on to im fur pour para na s ve wa al el"""
    )
)
"""Words of organisations' names that say nothing."""

GENERIC: Final = frozenset(
    _words(
        """group groupe gruppe grupo gruppo holding holdings international global worldwide trading
    trade commerce commercial general enterprise enterprises industries industry industrial
    service services solutions investment investments investors management consulting
    consultancy consultants development import export importexport technology technologies
    systems system agency bureau association society foundation union federation institute
    institution center organization committee council ministry department office fund trust
    partners partnership capital finance financial bank banking insurance shipping maritime
    marine transport transportation logistics construction engineering energy oil gas petroleum
    power electric electronics chemical chemicals pharmaceutical pharmaceuticals steel mining
    metal metals real estate properties property business national state public private
    establishment est works factory plant manufacturing products production supplies supply
    travel tourism exchange communications media airlines airways aviation lines line navigation
    agricultural agriculture foods food"""
    )
)
"""Words that many organisations have in their names."""

VESSEL_PREFIXES: Final = frozenset(_words("""mv mt ss ms mf mts msv fv rv uss hms"""))
"""What stands before a ship's name."""

ABBREVIATIONS: Final[dict[str, str]] = dict(
    pair.split("=")
    for pair in _words(
        """intl=international int=international internat=international natl=national nat=national
    bros=brothers mfg=manufacturing mfr=manufacturer govt=government gov=government
    dept=department univ=university assoc=association assn=association org=organization
    inst=institute tech=technology techs=technologies svc=service svcs=services mgmt=management
    mgt=management eng=engineering engr=engineering constr=construction const=construction
    dev=development devt=development grp=group hldg=holding hldgs=holdings indus=industries
    ind=industries inds=industries fin=financial comm=commercial gen=general transp=transport
    pharm=pharmaceutical petrochem=petrochemical ctr=center centre=center centers=center
    admin=administration comp=company exp=export imp=import ent=enterprises entr=enterprises
    est=establishment ltd=limited min=ministry fed=federal rep=republic labs=laboratories
    lab=laboratory laboratory=laboratories acad=academy sch=school hosp=hospital"""
    )
)
"""Short word of an organisation's name -> the long one."""

SPELLINGS: Final = (("isation", "ization"), ("ising", "izing"), ("ence", "ense"), ("our", "or"))
"""Ending in one English -> in the other."""

_UNITS: Final = _words(
    """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
    fifteen sixteen seventeen eighteen nineteen"""
)
_ORDINALS: Final = _words(
    """zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth
    thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"""
)
_TENS: Final = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


NUMERALS: Final[dict[str, int]] = {
    **{word: number for number, word in enumerate(_UNITS)},
    **{word: number for number, word in enumerate(_ORDINALS)},
    **{word: 10 * number for number, word in enumerate(_TENS, 2)},
    **{word[:-1] + "ieth": 10 * number for number, word in enumerate(_TENS, 2)},
    "fourty": 40,
    "hundred": 100,
}
"""Word -> number; tens and units that follow each other are added."""

ROMAN: Final[dict[str, int]] = {
    word: number
    for number, word in enumerate(
        _words(
            """i ii iii iv v vi vii viii
    ix x xi xii xiii xiv xv xvi xvii xviii xix xx xxi xxii xxiii xxiv
    xxv xxvi xxvii xxviii xxix xxx"""
        ),
        1,
    )
}
"""Roman number in small letters -> number."""
