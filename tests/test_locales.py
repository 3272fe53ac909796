"""What ComfyUI's page shows of the nodes, in every language that the pack speaks."""

import json
import re
from types import SimpleNamespace

import pytest

from training import locales

NUMBERS = re.compile(r"\d+(?:[.:]\d+)*")
COUNTED = re.compile(r"[1-9](?=[\u679a\u3064\u884c]|\u30d5\u30ec\u30fc\u30e0|\u30ab\u30c3\u30c8)")
"""A digit before a Japanese counter (of sheets, things, lines, frames, shots), where English says "a" or "one"."""
NAMES = re.compile(r"\b(?:[A-Z]+[a-z]+[A-Z]\w*|[a-z]*[A-Z]{2,}\w*|[\w-]+\.(?:json|onnx|pth|safetensors|bvh))")
"""Products, formats and files: words with capitals inside, and names with a suffix."""
QUOTED = re.compile(r'`[^`]+`|"[^"]+"|\*\w+\*')
CHOICE = re.compile(r"(?:^|[.:;] )([\w -]+):(?= )")
SYNTAX = re.compile(r"[{}|@]")
"""What vue-i18n, which the page reads titles, descriptions and names with, would not show as it stands."""


@pytest.fixture(scope="module")
def schemas(comfyui):
    from repose.nodes import NODES

    return {node.GET_SCHEMA().node_id: node.GET_SCHEMA() for node in NODES}


@pytest.fixture(scope="module")
def nodes(comfyui):
    from repose.nodes import NODES

    return NODES


@pytest.fixture(scope="module")
def shown():
    """The files as they lie there, by language."""
    return {
        language: json.loads((locales.FOLDER / language / "nodeDefs.json").read_text(encoding="utf-8"))
        for language in ("en", *locales.LANGUAGES)
    }


def sockets(definition):
    return [*definition["inputs"].values(), *definition["outputs"].values()]


def texts(definition):
    return [definition["description"], *(socket["tooltip"] for socket in sockets(definition))]


def test_the_files_are_those_that_the_script_writes(nodes):
    """Stale? `COMFYUI_PATH=DIR python -m training.locales` writes them anew, or says what a catalogue lacks."""
    found = {
        path.relative_to(locales.FOLDER).as_posix(): path.read_text(encoding="utf-8")
        for path in locales.FOLDER.rglob("*.json")
    }
    assert found == locales.files(nodes)


def test_english_is_what_the_schemas_say(schemas, shown):
    assert list(shown["en"]) == list(schemas)
    for node_id, schema in schemas.items():
        said = shown["en"][node_id]
        assert (said["display_name"], said["description"]) == (schema.display_name, schema.description)
        assert {name: given["tooltip"] for name, given in said["inputs"].items()} == {
            given.id: given.tooltip for given in schema.inputs
        }
        assert [out["tooltip"] for out in said["outputs"].values()] == [out.tooltip for out in schema.outputs]
        assert [out["name"] for out in said["outputs"].values()] == [
            out.display_name or out.id for out in schema.outputs
        ]


@pytest.mark.parametrize("language", ("en", *locales.LANGUAGES))
def test_every_node_and_socket_is_there_and_nothing_else(schemas, shown, language):
    assert list(shown[language]) == list(schemas)
    for node_id, schema in schemas.items():
        said = shown[language][node_id]
        assert set(said) == {"display_name", "description", "inputs", "outputs"}
        assert list(said["inputs"]) == [given.id for given in schema.inputs], node_id
        assert list(said["outputs"]) == [str(index) for index in range(len(schema.outputs))], node_id
        for socket in sockets(said):
            assert set(socket) == {"name", "tooltip"} and all(map(str.strip, socket.values())), node_id


@pytest.mark.parametrize("language", ("en", *locales.LANGUAGES))
def test_the_page_shows_the_words_as_they_stand(shown, language):
    for node_id, said in shown[language].items():
        read = [said["display_name"], said["description"], *(socket["name"] for socket in sockets(said))]
        assert not [words for words in read if SYNTAX.search(words)], node_id


@pytest.mark.parametrize("language", locales.LANGUAGES)
def test_no_text_was_left_in_english(shown, language):
    own = {"zh": re.compile(r"[\u4e00-\u9fff]"), "ja": re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")}[language]
    for node_id, said in shown[language].items():
        assert all(map(own.search, texts(said))), node_id
        in_english = shown["en"][node_id]
        assert not set(texts(said)) & set(texts(in_english)), node_id
    if language == "ja":  # and not Chinese by mistake: a sentence of any length has kana
        kana = re.compile(r"[\u3040-\u30ff]")
        long = [text for said in shown[language].values() for text in texts(said) if len(text) > 12]
        assert not [text for text in long if not kana.search(text)]


@pytest.mark.parametrize("language", locales.LANGUAGES)
def test_no_two_sockets_beside_each_other_share_a_name(shown, language):
    for node_id, said in shown[language].items():
        for side in ("inputs", "outputs"):
            names = [socket["name"] for socket in said[side].values()]
            assert len(set(names)) == len(names), (node_id, side)
    titles = [said["display_name"] for said in shown[language].values()]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("language", locales.LANGUAGES)
def test_a_translation_keeps_numbers_names_and_quotes(shown, language):
    """Quoted names of sockets are said in the translation's own word, for so the page labels them."""
    names = locales.catalogue(language)["names"]
    for english, text in locales.catalogue(language)["texts"].items():
        assert sorted(NUMBERS.findall(english)) == sorted(NUMBERS.findall(COUNTED.sub("", text))), english
        kept = {name.removesuffix("s") for name in NAMES.findall(english)} - {"KSampler", "MaskEditor"}
        assert not [name for name in kept if name not in text], english
        for quote in QUOTED.findall(english):
            assert quote[0] + names.get(quote[1:-1], quote[1:-1]) + quote[-1] in text, english


@pytest.mark.parametrize("language", locales.LANGUAGES)
def test_choices_are_quoted_as_the_list_shows_them(schemas, shown, language):
    """The page does not translate a list's choices: a text that explains them has to call them as they are."""
    tried = 0
    for node_id, schema in schemas.items():
        for given in schema.inputs:
            options = set(given.options or ()) if given.get_io_type() == "COMBO" else set()
            for choice in options & set(CHOICE.findall(given.tooltip)):
                tried += 1
                assert choice in shown[language][node_id]["inputs"][given.id]["tooltip"], (node_id, choice)
    assert tried > 20


@pytest.mark.parametrize("language", locales.LANGUAGES)
def test_nodes_are_called_by_the_titles_that_the_page_shows(language):
    """Ours by our titles, ComfyUI's own by its own translation of them (the catalogue's `core`)."""
    spoken = locales.catalogue(language)
    called = spoken["titles"] | spoken["core"]
    for english, text in spoken["texts"].items():
        rest = english
        for title in sorted(called, key=len, reverse=True):
            if re.search(rf"\b{re.escape(title)}\b", rest):
                assert called[title] in text, (title, english)
                rest = rest.replace(title, "")


@pytest.mark.parametrize("language", locales.LANGUAGES)
def test_a_catalogue_says_nothing_that_no_node_says(schemas, language):
    spoken = locales.catalogue(language)
    of_nodes = [
        (node_id, socket) for node_id, schema in schemas.items() for socket in schema.inputs + schema.outputs
    ]
    said = {schema.description for schema in schemas.values()} | {socket.tooltip for _, socket in of_nodes}
    assert set(spoken["texts"]) == said
    assert set(spoken["titles"]) == {schema.display_name for schema in schemas.values()}
    assert not [name for name in spoken["core"] if not any(name in text for text in said)]
    words = set()
    for node_id, socket in of_nodes:
        forms = (f"{node_id}.{socket.id}", f"{socket.id} {socket.get_io_type()}", socket.id)
        words.add(next(form for form in forms if form in spoken["names"]))
    assert set(spoken["names"]) == words


def test_a_catalogue_that_lacks_something_is_named_with_all_of_it():
    socket = SimpleNamespace(id="image", display_name=None, tooltip="A photo.", get_io_type=lambda: "IMAGE")
    schema = SimpleNamespace(
        node_id="ReposeX", display_name="X", description="Does x.", inputs=[socket], outputs=[]
    )
    node = SimpleNamespace(GET_SCHEMA=lambda: schema)
    whole = {
        "titles": {"X": "Ix"},
        "texts": {"Does x.": "Macht x.", "A photo.": "Ein Foto."},
        "names": {"image": "Bild", "image IMAGE": "Foto"},
    }
    said = locales.translated([node], whole)["ReposeX"]
    assert said["inputs"] == {"image": {"name": "Foto", "tooltip": "Ein Foto."}}
    assert (said["display_name"], said["description"]) == ("Ix", "Macht x.")
    with pytest.raises(ValueError, match=r"names: image\ntexts: A photo\.\ntitles: X"):
        locales.translated([node], {"titles": {}, "texts": {"Does x.": "Macht x."}, "names": {}})
