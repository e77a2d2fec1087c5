"""What all Python tests share: the server under test and an independent SNAP client.

Nothing here is taken from the server's own code: signing, minifying and the tables of the case
files are a second opinion on what the protocol says.
"""
