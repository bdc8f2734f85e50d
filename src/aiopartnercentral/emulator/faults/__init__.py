"""Faults on demand.

fault     which requests a fault is about, which of them it strikes
calls     the n-th call, every n-th call
exchange  a request and its answer, as faults see and change them; what a kind of fault is
waiting   kinds that take time
refusing  kinds that answer with an error
breaking  kinds that break a connection or a body
altering  kinds that put into an answer what the model does not have
leading   kinds that lead from page to page as a list should not
places    where in an answer something of the model stands
reading   faults from a TOML file
checks    what a fault can be told
"""
