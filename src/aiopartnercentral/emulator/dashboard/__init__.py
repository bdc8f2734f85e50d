"""The dashboard: web pages that show accounts, catalogs and recent requests, and change nothing.

    handlers    finds the page of an address, and renders it
    views       the contents of each page, taken from the state
    templates/  the HTML

No page shows anything that the model calls sensitive, nor messages, e-mail addresses or verification codes.
"""
