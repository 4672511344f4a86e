"""Name countries alike: what lists call them, and their ISO 3166 codes.

Lists of one country write `Korea, North`, others `kp`; where people come from can be compared only
once both are one. This module refuses to say which of these are states.
"""

from __future__ import annotations

from typing import Final

__all__ = ["country_code"]

_NAMES: Final = """
af=afghanistan;al=albania;dz=algeria;ad=andorra;ao=angola;ag=antigua and barbuda;ar=argentina
am=armenia;aw=aruba;au=australia
at=austria;az=azerbaijan;bs=bahamas,bahamas, the,the bahamas;bh=bahrain
bd=bangladesh;bb=barbados;by=belarus;be=belgium;bz=belize;bj=benin;bm=bermuda;bt=bhutan;bo=bolivia
ba=bosnia and herzegovina,bosnia-herzegovina,bosnia;bw=botswana;br=brazil;bn=brunei
bg=bulgaria;bf=burkina faso;bi=burundi;kh=cambodia;cm=cameroon;ca=canada;cv=cape verde,cabo verde
ky=cayman islands;cf=central african republic;td=chad;cl=chile;cn=china;co=colombia;km=comoros
cd=congo, democratic republic of the,democratic republic of the congo,congo (democratic republic)
cg=congo, republic of the,republic of the congo,congo;cr=costa rica;ci=cote d ivoire,ivory coast
hr=croatia;cu=cuba;cw=curacao;cy=cyprus;cz=czech republic,czechia;dk=denmark;dj=djibouti;dm=dominica
do=dominican republic;ec=ecuador;eg=egypt;sv=el salvador;gq=equatorial guinea;er=eritrea;ee=estonia
sz=eswatini,swaziland;et=ethiopia;fj=fiji;fi=finland;fr=france;ga=gabon;gm=gambia,the gambia
ge=georgia;de=germany;gh=ghana;gi=gibraltar;gr=greece;gd=grenada;gt=guatemala;gg=guernsey;gn=guinea
gw=guinea-bissau,guinea bissau;gy=guyana;ht=haiti;hn=honduras;hk=hong kong;hu=hungary;is=iceland
in=india;id=indonesia;ir=iran,iran (islamic republic of),islamic republic of iran;iq=iraq
ie=ireland;im=isle of man,man, isle of;il=israel;it=italy;jm=jamaica;jp=japan;je=jersey;jo=jordan
kz=kazakhstan;ke=kenya;kp=north korea,korea, north,democratic people's republic of korea,dprk
kr=south korea,korea, south,republic of korea;xk=kosovo;kw=kuwait;kg=kyrgyzstan
la=laos,lao people's democratic republic;lv=latvia;lb=lebanon;ls=lesotho;lr=liberia;ly=libya
li=liechtenstein;lt=lithuania;lu=luxembourg;mo=macau,macao;mg=madagascar;mw=malawi;my=malaysia
mv=maldives;ml=mali;mt=malta;mh=marshall islands;mr=mauritania;mu=mauritius;mx=mexico;md=moldova
mc=monaco;mn=mongolia;me=montenegro;ma=morocco;mz=mozambique;mm=burma,myanmar;na=namibia;nr=nauru
np=nepal;nl=netherlands,the netherlands;an=netherlands antilles
nz=new zealand;ni=nicaragua;ne=niger;ng=nigeria
mk=north macedonia,macedonia,macedonia, the former yugoslav republic of;no=norway
om=oman;pk=pakistan;pw=palau
ps=palestinian,palestine,state of palestine,west bank,region: gaza;pa=panama;pg=papua new guinea
py=paraguay;pe=peru;ph=philippines;pl=poland;pt=portugal;qa=qatar;ro=romania
ru=russia,russian federation;rw=rwanda;ws=samoa;sm=san marino;sa=saudi arabia;sn=senegal;rs=serbia
sc=seychelles;sl=sierra leone;sg=singapore;sk=slovakia;si=slovenia;so=somalia;za=south africa
ss=south sudan;es=spain;lk=sri lanka;kn=saint kitts and nevis;lc=saint lucia
vc=saint vincent and the grenadines;sd=sudan;sr=suriname;se=sweden;ch=switzerland
sy=syria,syrian arab republic;tw=taiwan;tj=tajikistan;tz=tanzania,united republic of tanzania
th=thailand;tl=timor-leste,east timor;tg=togo;to=tonga;tt=trinidad and tobago;tn=tunisia
tr=turkey,turkiye;tm=turkmenistan;ug=uganda;ua=ukraine;ae=united arab emirates
gb=united kingdom,great britain,united kingdom of great britain and northern ireland,england
us=united states,united states of america,usa;uy=uruguay;uz=uzbekistan;vu=vanuatu;ve=venezuela
vn=vietnam,viet nam;vg=virgin islands, british,british virgin islands;ye=yemen;zm=zambia;zw=zimbabwe
"""


def _read(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.strip().splitlines():
        for item in line.split(";"):
            code, _, names = item.partition("=")
            found[code] = code
            names = names.replace(", ", "\0")
            for name in names.split(","):
                found[name.replace("\0", ", ")] = code
    return found


_CODES: Final = _read(_NAMES)


def country_code(text: str) -> str:
    """Tell the code of a country; what is not known comes back in small letters.

    >>> country_code("Korea, North"), country_code("DE"), country_code("Atlantis")
    ('kp', 'de', 'atlantis')
    """
    said = " ".join(text.casefold().split()).strip(" .")
    return _CODES.get(said, said)
