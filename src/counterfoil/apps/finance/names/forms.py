"""Legal forms of companies in many languages, each under the class of form that it is of.

`Siemens AG` and `Siemens Aktiengesellschaft` are one company; so, most likely, are `OAO Gazprom`
and `Gazprom JSC`, which say the same in two languages. `Acme AG` and `Acme GmbH` are two. The
classes are coarse on purpose. This module refuses to tell which country a form belongs to.
Source: common knowledge of company law; the classes follow ISO 20275's groups only loosely.
"""

from __future__ import annotations

from typing import Final

__all__ = ["FORM_WORDS_MAX", "LEGAL_FORMS", "WEAK_FORM"]

WEAK_FORM: Final = "company"
"""The class that contradicts no other: a word such as `company` alone says little."""

_CLASSES: Final = {
    "stock": """
        ag|aktiengesellschaft|sa|s a|sociedad anonima|societe anonyme|spa|s p a|societa per azioni
        jsc|joint stock company|joint stock co|joint stock|oao|pao|zao|ao|ojsc|pjsc|cjsc|ooao
        open joint stock company|public joint stock company|closed joint stock company|pat|prat
        otkrytoe aktsionernoe obshchestvo|publichnoe aktsionernoe obshchestvo
        aktsionernoe obshchestvo
        zakrytoe aktsionernoe obshchestvo|private joint stock company|joint stock commercial bank
        plc|p l c|public limited company|inc|incorporated|nv|n v|naamloze vennootschap|ab|aktiebolag
        aktsionerne tovarystvo|a s|as|aksjeselskap|anonim sirketi|oyj|ad|sa de cv|s a de c v
        sab de cv|sociedad anonima de capital variable|tbk|bhd|berhad|kk|kabushiki kaisha|se|asa|na
        sherkat sahami am|sociedade anonima|akcine bendrove|national association|akciova spolecnost
        dioniko drustvo|dd|d d|aktieselskab|a kc ii|sal|s a l|saog|saoc|pjs|rt|nyrt|zrt
    """,
    "limited": """
        llc|l l c|limited liability company|ltd|limited|ltda|limitada|limited company|lllc
        gmbh|g m b h|gesellschaft mit beschraenkter haftung|gesellschaft mit beschrankter haftung
        ooo|o o o|obshchestvo s ogranichennoy otvetstvennostyu|tov
        tovarystvo z obmezhenoyu vidpovidalnistyu|bv|b v|besloten vennootschap|bvba|b v b a|sprl
        sarl|s a r l|societe a responsabilite limitee|srl|s r l|societa a responsabilita limitata
        s de rl de cv|s de r l de c v|sociedad de responsabilidad limitada|sl|s l|slu
        sp z o o|sp zoo|spolka z ograniczona odpowiedzialnoscia|sro|s r o|doo|d o o|kft|oy|eood|ood
        pty ltd|pty limited|pte ltd|pte limited|proprietary limited|private limited|pvt ltd
        pvt limited
        co ltd|co limited|company limited|company ltd|fze|fzc|fz llc|fzco|free zone company|sdn bhd
        ltd sti|limited sirketi|limited sti|uab|sia|ou|osauhing|lda|eirl|e i r l|aps|wll|w l l|dmcc
        unlimited company|private company limited|gesmbh|ges m b h|cia ltda|y cia ltda|ooo ltd
        mchj|xk
    """,
    "partnership": """
        lp|l p|llp|l l p|limited partnership|limited liability partnership|kg|kommanditgesellschaft
        gmbh co kg|gmbh und co kg|gmbh and co kg|ohg|snc|s n c|scs|general partnership|gbr|sca
        s en c
        s en c s|kommanditbolag|kb|cv|c v
    """,
    "nonprofit": """
        ano|ev|e v|eingetragener verein|ngo|non profit organization|nonprofit organization|nko
        avtonomnaya nekommercheskaya organizatsiya|autonomous non profit organization|stiftung
        fundacion|fondation
    """,
    "state": """
        fgup|gup|federal state unitary enterprise|state unitary enterprise
        federalnoe gosudarstvennoe unitarnoe predpriyatie
        gosudarstvennoe unitarnoe predpriyatie|fgbu|fkp|state enterprise
        state owned enterprise
    """,
    "cooperative": "cooperative|cooperativa|coop|sc de rl|scoop|genossenschaft|eg|s c de r l",
    "company": """
        company|companies|co|corp|corporation|corporacion|firm|compagnie|compania|cia|kompaniya
        and co|und co|et cie|cie|and company|gesellschaft|sherkat|sharikat|sharika|pt|p t
    """,
}

LEGAL_FORMS: Final[dict[tuple[str, ...], str]] = {
    tuple(form.split()): kind
    for kind, text in _CLASSES.items()
    for line in text.strip().splitlines()
    for form in line.strip().split("|")
}
"""Words of a form, as tokens -> its class."""

FORM_WORDS_MAX: Final = max(map(len, LEGAL_FORMS))
"""Words of the longest form."""
