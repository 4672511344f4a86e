"""Given names that stand for each other: other spellings of one name, short forms, sister forms.

Spellings that rules of sound would miss, in one group a line; the first is the name they are all
read as. This module refuses to hold names that merely sound alike: `sounds` measures those.
Source: common knowledge.
"""

from __future__ import annotations

from typing import Final

__all__ = ["SISTERS", "VARIANTS"]

_SPELLINGS: Final = """
muhammad mohammad mohammed mohamed mohamad muhammed muhamad mohamud mohammod muhammet mohd mochammad
    mokhammad mahomed mahamed mahammad mouhamed mohammadu
ahmad ahmed ahmet akhmad akhmed akhmat
hussein husain husayn hussain hossein hossain hussien husein hoseyn husseyn khusein housein
hasan hassan hasen hassen khasan
ali aly
usama osama ousama
umar omar omer oumar
uthman othman osman usman ousmane
ibrahim ebrahim ibraheem brahim ibragim
abdullah abdallah abdalla abdulla abdellah abdollah abdoullah
yusuf yousef youssef yousuf yusef yousif yusif youcef yussuf
khalid khaled khalled
jamal gamal djamal djamel
mahmud mahmoud mehmood mahmood makhmud
mustafa mostafa moustafa mustapha mostapha
salih saleh salah salikh
sulayman sulaiman suleiman soleiman suleyman sulieman souleymane
ismail ismael ismaeel esmail
said saeed saeid saiid sayeed
qasim qasem kassim kassem qassem ghasem ghassem kasim
rashid rasheed rachid reshid
tariq tarek tareq tarik
yahya yahia yehya yihya
hamid hameed hamed
karim kareem
majid majeed madjid
nasir naser nasser nasr
faysal faisal feisal faycal
zayd zaid zayed zeid
jafar jaafar gaafar djafar ja'far
abdul abdel abdal abdol abdoul abd
gaddafi qaddafi gadhafi kadafi khadafi qadhafi kaddafi gadafi qathafi
alexander aleksandr alexandr aleksander alexandre alejandro aleksandar iskander
sergey sergei serge sergej sergiy serhii serhiy sergejs siarhei
yevgeny evgeny evgenii yevgeniy yevgenii evgeniy eugene evgueni yevhen
dmitry dmitri dmitrii dmitriy dimitri dmytro dzmitry dimitry
nikolay nikolai nicolai mykola mikalai nikolaj
mikhail mikhael mykhailo mihail mikhayil
andrey andrei andriy andrii andrej andrzej andrei
aleksey alexei alexey aleksei oleksiy oleksii aliaksei
yury yuri yuriy yurii iouri juri jurij yury
vladimir volodymyr wladimir uladzimir vladimer
yelena elena olena alena
yekaterina ekaterina kateryna katerina catherine
igor ihor
oleg oleh
pavel pavlo paval
petr pyotr petro piotr pjotr
ilya iliya illia ilia
fyodor fedor fedir theodore
yegor egor
jose josep
juan joan
kim gim
lee yi rhee
park pak bak
choi choe
jung jeong chung
zhang chang
"""
_SISTERS: Final = """
william bill billy will willy liam
robert bob bobby rob robbie
richard dick rick ricky rich
theodore ted teddy theo
edward ed eddie ned ted
james jim jimmy jamie
john jack johnny jon
michael mike mick mickey mikhail miguel michel
joseph joe joey jose yusuf giuseppe
thomas tom tommy
charles charlie chuck carlos karl
daniel dan danny
david dave davy
matthew matt
anthony tony antonio anton
andrew andy drew andrey andre
benjamin ben benny bibi binyamin
samuel sam sammy
alexander alex sasha alec sandy aleksandra
nicholas nick nicky nicolas nikolay nikos
christopher chris
stephen steven steve stefan esteban
patrick pat paddy
peter pete petr pedro pierre
gregory greg grigory
lawrence larry laurence
ronald ron ronnie
donald don donny
kenneth ken kenny
gerald gerry jerry
frederick fred freddy fred
henry harry hank enrique henri heinrich
francis frank francisco francesco paco pancho
elizabeth liz beth betty lizzie eliza
margaret maggie peggy meg
katherine kate kathy katie cathy catherine yekaterina
susan sue suzy
patricia pat patty tricia
deborah deb debbie
jennifer jen jenny
barbara barb
victoria vicky
rebecca becky
jessica jess
vladimir vova volodya
dmitry dima mitya
sergey seryozha
yevgeny zhenya
mikhail misha
nikolay kolya
aleksey alyosha lyosha
yury yura
ivan vanya ioann john
maria mary marie masha
anna ann anne hannah
yelena helena helen lena
george jorge georgy georgios giorgi yuri
paul pablo pavel paolo
louis luis lewis luigi
"""


def _groups(text: str) -> list[list[str]]:
    joined = text.strip().replace("\n    ", " ")
    return [line.split() for line in joined.splitlines()]


VARIANTS: Final[dict[str, str]] = {
    word: group[0] for group in reversed(_groups(_SPELLINGS)) for word in reversed(group)
}
"""Spelling -> the one that it is read as."""

SISTERS: Final[dict[str, frozenset[int]]] = {
    word: frozenset(
        number
        for number, group in enumerate(_groups(_SISTERS))
        if word in {VARIANTS.get(one, one) for one in group}
    )
    for word in {VARIANTS.get(one, one) for group in _groups(_SISTERS) for one in group}
}
"""Name, as `VARIANTS` reads it -> the groups of short and sister forms that it is in."""
