"""What else a server is asked, closed loop: each mix is a load and the answer that all must get."""

from functools import partial
from itertools import accumulate, count, islice

from contenders import Batal
from series.series import Ratio, Series

CANCELS = "cancels (57)"
LAG = 400  # lives between two steps of one, so that in many connections neither overtakes
QUERY = "55"


def nothing(_answers):
    return 0


def cancels(kind, lab):
    """Each of another transaction."""
    return lab.cancels if kind == "debit" else lab.world_to_cancel(kind)


def cancelled(name, lab):
    """A world of cancelled payments, and the file of the requests that cancelled them."""
    world = lab.world(name)
    world.fill(sum(lab.counts))
    return world, world.cancel_all(sum(lab.counts))


def retries(lab):
    """Each of those cancels once more, as it was: answered as before, and nothing is written."""
    world, file = cancelled("retries", lab)
    return world, lab.load(file, file, again=True, changes=nothing)


def refusals(lab):
    """Cancels, under new external ids, of payments that are cancelled already."""
    world, _ = cancelled("refusals", lab)
    files = [world.write(name, (("57", f"{name}-{i}", world.cancellation(i))
                                for i in range(number)))
             for name, number in zip(("refused-warm-up", "refused"), lab.counts)]
    return world, lab.load(*files, expect="4035715", status=403, changes=nothing)


def steps():
    """(service, life) of lives without end, call by call."""
    for turn in count():
        for service, behind in (("54", 0), (QUERY, LAG), ("57", 2 * LAG)):
            if turn >= behind:
                yield service, turn - behind


def lives(lab):
    """Payments are created, queried, and cancelled by the external id of their creation."""
    world, _ = lab.cancels
    kept = [0, *accumulate(service != QUERY for service, _ in islice(steps(), max(lab.counts)))]

    def calls(first, number):
        for service, life in islice(steps(), number):
            order = first + life
            created = {"originalExternalId": f"54-{order}"}
            body = {"54": world.creation(order), QUERY: created,
                    "57": {**created, "originalPartnerReferenceNo": f"order-{order}"}}[service]
            yield service, f"{service}-{order}", body

    taken = sum(lab.counts)
    files = [world.write(name, calls(first, number)) for name, first, number in
             zip(("lives-warm-up", "lives"), (taken, 2 * taken), lab.counts)]
    return world, lab.load(*files, expect='"responseCode":"2005', changes=kept.__getitem__)


MIXES = {
    CANCELS: partial(cancels, "debit"),
    "retries of cancels": retries,
    "refusals: cancelled already": refusals,
    "lives: 54, 55, 57": lives,
    "QRIS cancels (77)": partial(cancels, "qris"),
    "voids of holds (67)": partial(cancels, "hold"),
    "deletions of accounts (31)": partial(cancels, "va"),
}


class Mixes(Series):
    def __init__(self, lab):
        super().__init__(lab)
        self.loads = {name: make(lab) for name, make in MIXES.items() if lab.wants(name)}

    def rows(self):
        for name, (world, load) in self.loads.items():
            yield name, self.lab.measure(Batal, world, load)

    def ratios(self, names):
        return [Ratio(f"CPU of {name} / {CANCELS}", name, CANCELS, "cpu_us")
                for name in names if name != CANCELS]
