"""Fault injection: failures of a network and a service, on demand.

rules             which requests a fault matches, and which of the matching calls it is injected into
context           a request and its response, as faults see and change them; the base class of actions
latency           actions that take time
errors            actions that respond with an error
broken_responses  actions that reset a connection or break a body
json_mutations    actions that put things into a response that the model does not have
pagination        actions that break the pages of a listing
json_walk         finds the values of a shape in a JSON value
config_file       reads faults from a TOML file
"""
