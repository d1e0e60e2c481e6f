"""Questions on a terminal."""

import sys

from alliance.first.draft import Ask, Question, ask_nobody


def asker(assume: bool) -> Ask:
    """Return who answers: the person at the terminal, or nobody where there is none or nothing is to be asked."""
    return ask_nobody if assume or not sys.stdin.isatty() else ask_person


def ask_person(question: Question) -> str | None:
    """Ask on the terminal; an empty line, or the end of the input, leaves the answer to what can be assumed."""
    answers = list(question.choices)
    print(f"\n{question.text}")
    for number, answer in enumerate(answers, start=1):
        usual = "   (taken if you press Enter)" if answer == question.otherwise else ""
        print(f"  {number}  {question.choices[answer]}{usual}")
    while True:
        try:
            said = input(f"Number 1 to {len(answers)}, or Enter if you do not know: ").strip()
        except EOFError:
            return None
        if not said:
            return None
        if said.isdigit() and 1 <= int(said) <= len(answers):
            return answers[int(said) - 1]
        print(f"Please type a number from 1 to {len(answers)}.")
