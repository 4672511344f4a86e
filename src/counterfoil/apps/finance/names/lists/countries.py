"""Name countries alike: what lists call them, and their ISO 3166 codes.

Lists of one country write `Korea, North`, others `kp`; where people come from can be compared only
once both are one. This module refuses to say which of these are states.
Source of the codes: ISO 3166-1, and ISO 3166-3 for countries of old.
"""

from __future__ import annotations

from typing import Final

__all__ = ["country_code", "is_country"]

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
gb=uk,united kingdom,great britain,united kingdom of great britain and northern ireland,england
us=united states,united states of america,usa;uy=uruguay;uz=uzbekistan;vu=vanuatu;ve=venezuela
vn=vietnam,viet nam;vg=virgin islands, british,british virgin islands;ye=yemen;zm=zambia;zw=zimbabwe
ai=anguilla;aq=antarctica;as=american samoa;ax=åland islands,aland islands
bl=saint barthélemy,saint barthelemy;bq=bonaire, sint eustatius and saba;bv=bouvet island
cc=cocos (keeling) islands;ck=cook islands;cx=christmas island;eh=western sahara
fk=falkland islands (malvinas);fm=micronesia, federated states of;fo=faroe islands
gf=french guiana;gl=greenland;gp=guadeloupe;gs=south georgia and the south sandwich islands
gu=guam;hm=heard island and mcdonald islands;io=british indian ocean territory;ki=kiribati
mf=saint martin (french part);mp=northern mariana islands;mq=martinique;ms=montserrat
nc=new caledonia;nf=norfolk island;nu=niue;pf=french polynesia;pm=saint pierre and miquelon
pn=pitcairn;pr=puerto rico;re=réunion,reunion;sb=solomon islands
sh=saint helena, ascension and tristan da cunha;sj=svalbard and jan mayen;st=sao tome and principe
sx=sint maarten (dutch part);tc=turks and caicos islands;tf=french southern territories;tk=tokelau
tv=tuvalu;um=united states minor outlying islands;va=holy see (vatican city state)
vi=virgin islands, u.s.;wf=wallis and futuna;yt=mayotte
"""

_ALPHA_3: Final = """
adand aeare afafg agatg aiaia alalb amarm aoago aqata ararg asasm ataut auaus awabw axala azaze
babih bbbrb bdbgd bebel bfbfa bgbgr bhbhr bibdi bjben blblm bmbmu bnbrn bobol bqbes brbra bsbhs
btbtn bvbvt bwbwa byblr bzblz cacan cccck cdcod cfcaf cgcog chche ciciv ckcok clchl cmcmr cnchn
cocol crcri cucub cvcpv cwcuw cxcxr cycyp czcze dedeu djdji dkdnk dmdma dodom dzdza ececu eeest
egegy ehesh ereri esesp eteth fifin fjfji fkflk fmfsm fofro frfra gagab gbgbr gdgrd gegeo gfguf
ggggy ghgha gigib glgrl gmgmb gngin gpglp gqgnq grgrc gssgs gtgtm gugum gwgnb gyguy hkhkg hmhmd
hnhnd hrhrv hthti huhun ididn ieirl ilisr imimn inind ioiot iqirq irirn isisl itita jejey jmjam
jojor jpjpn keken kgkgz khkhm kikir kmcom knkna kpprk krkor kwkwt kycym kzkaz lalao lblbn lclca
lilie lklka lrlbr lslso ltltu lulux lvlva lylby mamar mcmco mdmda memne mfmaf mgmdg mhmhl mkmkd
mlmli mmmmr mnmng momac mpmnp mqmtq mrmrt msmsr mtmlt mumus mvmdv mwmwi mxmex mymys mzmoz nanam
ncncl nener nfnfk ngnga ninic nlnld nonor npnpl nrnru nuniu nznzl omomn papan peper pfpyf pgpng
phphl pkpak plpol pmspm pnpcn prpri pspse ptprt pwplw pypry qaqat rereu rorou rssrb rurus rwrwa
sasau sbslb scsyc sdsdn seswe sgsgp shshn sisvn sjsjm sksvk slsle smsmr snsen sosom srsur ssssd
ststp svslv sxsxm sysyr szswz tctca tdtcd tfatf tgtgo ththa tjtjk tktkl tltls tmtkm tntun toton
trtur tttto tvtuv twtwn tztza uaukr uguga umumi ususa uyury uzuzb vavat vcvct veven vgvgb vivir
vnvnm vuvut wfwlf wswsm yeyem ytmyt zazaf zmzmb zwzwe xkxkx
"""
"""The codes of ISO 3166-1, of two letters and then of three."""

_FORMER: Final = ("suhh", "yucs", "cshh", "csxx", "ddde", "anhh")


def _read(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.strip().splitlines():
        for item in line.split(";"):
            code, _, names = item.partition("=")
            found[code] = code
            names = names.replace(", ", "\0")
            for name in names.split(","):
                found[name.replace("\0", ", ")] = code
    for both in _ALPHA_3.split():
        found[both[:2]] = found[both[2:]] = both[:2]
    return found | {code: code for code in _FORMER}


_CODES: Final = _read(_NAMES)


def country_code(text: str) -> str:
    """Tell the code of a country; what is not known comes back in small letters.

    >>> country_code("Korea, North"), country_code("DEU"), country_code("Atlantis")
    ('kp', 'de', 'atlantis')
    """
    said = " ".join(text.casefold().split()).strip(" .")
    return _CODES.get(said, said)


def is_country(code: str) -> bool:
    """Tell whether what `country_code` gave is the code of a country, and no text unknown here.

    >>> is_country("de"), is_country("atlantis")
    (True, False)
    """
    return _CODES.get(code) == code
