"""First contact: an export that nobody has described becomes an overlay, with how sure each guess is and what it rests on.

`contact.new` asks `recognise.RECOGNISERS` one after the other; each looks at the columns nobody has claimed yet and adds to a `Draft`
what it recognises, by evidence that is said. What is ambiguous is a `Question`. Nothing that is printed or written quotes an id, a name
or a note.
"""
