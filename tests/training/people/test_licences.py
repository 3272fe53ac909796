import pytest

from training.people.kit import assets
from training.people.kit.licences import ADMITTED, LicenceRefused, admit, table


@pytest.mark.parametrize("licence", sorted(ADMITTED))
def test_an_admitted_licence_passes(licence):
    admit("coat", licence, "somebody")


@pytest.mark.parametrize("licence", ["AGPL3", "AGPL-3.0-only", "GPL-3.0-only", "CC-BY-NC-4.0", ""])
def test_any_other_licence_is_refused_by_the_name_of_the_item(licence):
    with pytest.raises(LicenceRefused, match="Sari1 has the licence"):
        admit("Sari1", licence, "somebody")


def test_an_attribution_needs_an_author():
    with pytest.raises(LicenceRefused, match="coat is CC-BY-3.0.*author"):
        admit("coat", "CC-BY-3.0", " ")


def test_the_table_has_a_row_per_part_and_refuses_what_is_not_admitted():
    assert table([("coat", "MIT", "somebody", "MIT", "as stated")]).splitlines()[2] == (
        "| coat | MIT License | somebody | MIT | as stated |"
    )
    with pytest.raises(LicenceRefused, match="cape"):
        table([("cape", "AGPL3", "somebody", "AGPL3", "as stated")])


def test_the_licence_table_names_every_part_and_what_is_left_out():
    text = assets.licence_table()
    for part in (*assets.ASSETS, *assets.SKINS):
        assert f"| {part.id} (" in text
    assert "Sari1" in text.split("Not used:")[1]


def test_no_item_of_the_table_is_one_of_those_that_users_put_under_agpl():
    refused = (
        "Harvey Sari Rucksack Rolled Cocktail bandeau curly alpha7 jungle minoan southern Wig beard headband"
    )
    for asset in assets.ASSETS:
        assert not any(word.lower() in asset.id.lower() for word in refused.split()), asset.id
        assert asset.licence in ADMITTED
        if asset.header == assets.AGPL:
            assert asset.why == assets.CORE and asset.licence == "CC0-1.0", asset.id


def test_ids_are_told_apart():
    for group in (assets.ASSETS, assets.SKINS):
        assert len({part.id for part in group}) == len(group)
    assert len(assets.SKINS) == 20 and len(assets.INDOOR + assets.OUTDOOR) == 18
    assert all(asset.kind in assets.KINDS for asset in assets.ASSETS)
