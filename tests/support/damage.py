"""Files that are not as they were left."""

PAGE = 4096
FLIPS = 200


def flip(file, at, bit=0x40):
    with open(file, "r+b") as opened:
        opened.seek(at)
        byte = opened.read(1)[0]
        opened.seek(at)
        opened.write(bytes([byte ^ bit]))


def flip_somewhere(file, rng):
    """One bit of it."""
    flip(file, rng.randrange(file.stat().st_size), 1 << rng.randrange(8))


def flip_all_over(file, rng):
    """Many bits of it, and in every page one."""
    data = bytearray(file.read_bytes())
    pages = [page + rng.randrange(PAGE) for page in range(0, len(data) - PAGE + 1, PAGE)]
    for at in [*rng.choices(range(len(data)), k=FLIPS), *pages]:
        data[at] ^= 1 << rng.randrange(8)
    with open(file, "r+b") as opened:
        opened.write(data)


def cut(file, to):
    """To so many bytes, or by so many where it is negative."""
    with open(file, "r+b") as opened:
        opened.truncate(to if to >= 0 else file.stat().st_size + to)


def cut_somewhere(file, rng):
    cut(file, rng.randrange(1, file.stat().st_size))


def remove(file, _):
    file.unlink()
