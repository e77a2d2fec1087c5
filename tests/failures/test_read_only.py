"""A file system that is read-only: the start says so, `ledger show` still shows everything."""

from support.private_disk import PrivateDisk
from support.server import Server, run
from worlds import last_words, world_on

DISK_MIB = 128
READ_ONLY = "Read-only file system"


def test_a_start_on_a_read_only_file_system(tmp_path):
    with PrivateDisk(DISK_MIB) as disk, world_on(disk, tmp_path) as world:
        scene = world.scene()
        scene.create("debit")
        scene.act("cancel")
        world.server.stop()
        shown = run("ledger", "show", "--data", world.server.data).stdout
        disk.make_read_only(True)
        said = last_words(world.server)
        assert str(disk.inside(world.server.data)) in said and READ_ONLY in said
        still = run("ledger", "show", "--data", world.server.data)
        assert (still.returncode, still.stdout, still.stderr) == (0, shown, "")
        disk.make_read_only(False)
        world.server.start()
        assert scene.status() == "05"
        world.check_log()


def test_a_first_start_on_a_read_only_file_system(tmp_path):
    with PrivateDisk(DISK_MIB) as disk:
        disk.make_read_only(True)
        server = Server(disk.path, disk=disk)
        server.log = tmp_path / "server.log"
        said = last_words(server)
        assert str(disk.inside(server.data)) in said and READ_ONLY in said
