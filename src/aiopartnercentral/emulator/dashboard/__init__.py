"""The dashboard: web pages, each also as JSON, that show items, requests, codes and settings, and move the clock.

    handlers    finds the page of an address, and renders it; the stream of events; the forms
    views       the contents of each page, taken from the state and the recent requests
    resources   the items of all services in one form, and summaries of them
    requests    the filters of the recent requests
    redaction   hides sensitive values
    templates/  the HTML, its style sheet and its script

No page shows anything that the model calls sensitive, nor messages or e-mail addresses; the inbox alone shows
verification codes, and the addresses that they are for.
"""
