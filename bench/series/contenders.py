"""A cancel beside what others do for less: one row for each contender (contenders.py)."""

import contenders
from series.series import Ratio, Series

US = contenders.Batal.name
BESIDE = contenders.Nginx.name
KINDS = (contenders.Nginx, contenders.Batal, contenders.BatalSealing, contenders.BatalWithoutSync,
         contenders.Redis, contenders.Fastify, contenders.Prism, contenders.Mockoon)


class Contenders(Series):
    def rows(self):
        world, load = self.lab.cancels
        for kind in KINDS:
            if self.lab.wants(kind.name):
                yield kind.name, self.lab.measure(kind, world, load)

    def ratios(self, names):
        return [*(Ratio(f"CPU of {name} / CPU of {BESIDE}", name, BESIDE, "cpu_us")
                  for name in names if name.startswith(US)),
                *(Ratio(f"cancels/s / {name}", US, name, "rate") for name in names if name != US)]

    def notes(self, rounds):
        for name in rounds[0]:
            kept = [(one[name]["sealed"], one[name]["indexed"]) for one in rounds
                    if "sealed" in one[name]]
            if kept:
                yield (f"{name}: segments sealed and, as the load ends, indexed: "
                       + ", ".join(f"{sealed}/{indexed}" for sealed, indexed in kept))
