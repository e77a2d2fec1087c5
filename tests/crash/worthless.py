"""The files of a ledger that are made of its log, and that may be gone or broken at any start."""

from support.damage import cut_somewhere, flip_all_over, flip_somewhere, remove

FILES = ["index.sqlite", "index.sqlite", "index.sqlite-wal", "live.snapshot"]
DAMAGES = [remove, flip_somewhere, flip_all_over, cut_somewhere]


def spoil_something(ledger, rng):
    """What was spoiled, and how; None where the file that was meant is not there."""
    file, damage = ledger / rng.choice(FILES), rng.choice(DAMAGES)
    if not file.exists() or file.stat().st_size < 2:
        return None
    damage(file, rng)
    return f"{file.name} {damage.__name__}"
