"""A sandbox server with two partners, and what must stand in its log."""

from collections import Counter

from support.scene import Scene
from support.server import Server
from support.snap import Caller
from support.tables import Names

LIFE = {"debit": "validUpTo", "qris": "validityPeriod", "hold": "validUpTo", "va": "expiredDate"}


class World:
    """`first` has two merchants, two service ids and a partner id besides its client id."""

    def __init__(self, folder, **options):
        self.server = Server(folder, **options)
        first = self.server.new_partner("first", ["M-first-1", "M-first-2"], ["088899", "088898"],
                                        ["first-id"])
        second = self.server.new_partner("second", ["M-second"], ["077777"])
        self.callers = {"first": Caller(self.server, first), "second": Caller(self.server, second)}
        self.accepted = {"first": [], "second": []}
        self._standing = {}

    def __enter__(self):
        self.server.start()
        return self

    def __exit__(self, *what):
        self.server.__exit__(*what)

    def scene(self, partner="first"):
        scene = Scene(self.callers[partner], self.accepted[partner])
        first, second = self.callers["first"].partner, self.callers["second"].partner
        scene.names.values.update({
            "client": first.client_id, "otherPartner": "first-id", "otherVa": "  088898",
            "va6": first.va_partner_service_id.strip(), "second.client": second.client_id,
            "second.partner": second.partner_id, "second.merchant": second.merchants[0],
            "second.va": second.va_partner_service_id,
        })
        return scene

    def standing(self, kind):
        """A scene with one long-lived transaction that nothing may change, for refused calls."""
        if kind not in self._standing:
            scene = self._standing[kind] = self.scene()
            scene.create(kind, **{LIFE[kind]: "{now+15000000}"})
        standing = self._standing[kind]
        renewed = self.scene()
        renewed.names = Names(standing.names.now, standing.names.values).renewed()
        return renewed

    def check_log(self):
        for kind, scene in self._standing.items():
            assert scene.status() == ("01" if kind == "hold" else "03"), f"standing {kind}"
        self.server.stop()
        logged = Counter(identities(self.server.events()))
        expected = Counter((partner, *call) for partner, calls in self.accepted.items()
                           for call in calls)
        assert logged - expected == Counter(), "in the log, though never accepted"
        assert expected - logged == Counter(), "accepted, but not in the log"
        self.server.start()


def identities(events):
    """(partner, service, external id) of every event that a call made; the sweeper's have none."""
    return [(event["partner"], f"{event['service']:02}", event["externalId"]) for event in events
            if event["record"] == "event" and "externalId" in event]
