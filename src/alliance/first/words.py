"""Words by which columns are recognised, in the languages that exports come in."""

import re

_TOKEN = re.compile(r"[A-ZÄÖÜ]+(?![a-zäöüß])|[A-ZÄÖÜ]?[a-zäöüßéèáíóúñç]+|\d+")


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


PATIENT = _words(
    "patient patients patid patientid patnr client clients clientid klient klientin klientid kunde subject subj subjectid subid",
    "participant participantid proband probandin vp vpn vpcode person personid dyad dyade dyadid caseid fall fallnr student pupil",
    "studentid record recordid mrn paciente cliente externalreference chiffre pseudonym pid cid ppn",
)
PERHAPS_PATIENT = _words("id code case token identifier key ref pat nr nummer kennung ident")
THERAPIST = _words(
    "therapist therapistid ther thera therapeut therapeutin therid tid behandler behandlerin clinician counselor counsellor",
    "provider practitioner psychologist terapeuta behandelaar thérapeute coach",
)
SESSION = _words(
    "session sessions sess sessionno sessionnr sitzung sitzungsnr sitznr sitz visit visitnr occasion zeitpunkt messzeitpunkt mzp",
    "termin encounter instance event stunde sesion sesión séance zitting appointment",
)
PERHAPS_SESSION = _words(
    "time t week weeks woche wave welle month months monat measurement measure assessment number no nr tag"
)
WEEK = _words("week weeks woche wochen")
DATE = _words("date datum day sessiondate sitzungsdatum authored recordeddate submitdate datestamp fecha timestamp dat")
NOT_THE_DATE = _words(
    "birth birthday dob geb geburt geburtsdatum born begin start started admission aufnahme discharge end intake death"
)
# What a survey program numbers or notes by itself.
OF_PROGRAMS = _words(
    "response responseid ipaddress seed startlanguage lastpage progress duration finished status distribution",
    "distributionchannel userlanguage latitude longitude recipient complete row index lfdnr interviewer",
)
ARM = _words(
    "arm group gruppe treatment treat condition bedingung allocation behandlung intervention randomised randomized cond"
)
CONTROL = _words(
    "control controls tau standard usual waitlist waiting wait kontroll kontrollgruppe kg placebo none cau wl care"
)
ALLIANCE = _words("alliance allianz bond relationship beziehung helping rapport alianza")
OUTCOME = _words(
    "symptom symptoms symptome symptomatik depression depressive depress anxiety angst distress severity belastung outcome",
    "complaints beschwerden impairment sds bsi scl dass hads madrs hamd ors wellbeing functioning",
)
BETTER = _words("ors wellbeing functioning health satisfaction")
THERAPIST_FORM = _words("t th ther thera therapist therapeut")
OBSERVER_FORM = _words("o obs observer rater beobachter")
TOTAL = _words("total sum score summe gesamt tot mean mittelwert sumscore totalscore")


def tokens(name: str) -> list[str]:
    """Split a column's name into words and numbers, in small letters.

    >>> tokens("WAI_12b"), tokens("PatID")
    (['wai', '12', 'b'], ['pat', 'id'])
    """
    return [token.casefold() for token in _TOKEN.findall(name)]


def has_word(name: str, words: frozenset[str]) -> bool:
    """Whether one of the words, or the whole name without its marks, is among those given."""
    found = tokens(name)
    return not words.isdisjoint(found) or "".join(found) in words
