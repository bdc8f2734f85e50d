"""The emulator's pages for people: what there is and what was asked, to be looked at and never changed.

    answering   which page an address is, and the response
    views       what each page shows, taken from the world
    slices      a part of a long list, newest first
    templates/  how it is shown

Nothing that the model calls sensitive is taken into a view, nor is a message, an e-mail address or a verification code.
"""
