"""A slow or failing disk for a server under test: disk_shim.c, compiled when it is needed."""

import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("disk_shim.c")


def disk_shim(folder, **settings):
    """The environment of a server with such a disk. Settings: sync_us, hold, fail, errno; what they
    mean stands in disk_shim.c."""
    library = Path(folder) / "disk_shim.so"
    if not library.exists():
        subprocess.run(["gcc-12", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", SOURCE,
                        "-o", library, "-ldl"], check=True)
    named = {f"DISK_SHIM_{key.upper()}": str(value) for key, value in settings.items()}
    return {"LD_PRELOAD": str(library), **named}
