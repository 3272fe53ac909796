"""What ComfyUI hands over and what the engine takes: layouts, ranges, errors."""

import pytest
import torch


@pytest.fixture(scope="module")
def host(comfyui):
    from repose.nodes import host

    return host


def test_images_go_there_and_back(host):
    image = torch.rand(2, 5, 7, 3)
    pixels = host.image_to_engine(image)
    assert pixels.shape == (2, 3, 5, 7) and pixels.is_contiguous()
    assert torch.equal(pixels[1, 2], image[1, :, :, 2])
    assert torch.equal(host.image_from_engine(pixels), image)


def test_grey_and_transparent_images(host):
    assert torch.equal(host.image_to_engine(torch.full((1, 2, 2, 1), 0.25)), torch.full((1, 3, 2, 2), 0.25))
    half = torch.tensor([0.0, 0.0, 1.0, 0.5]).expand(1, 2, 2, 4)
    assert host.image_to_engine(half)[0, :, 0, 0].tolist() == [0.5, 0.5, 1.0]


def test_half_precision_and_overshoot_are_taken_in(host):
    pixels = host.image_to_engine(torch.tensor([-0.5, 0.5, 1.5], dtype=torch.float16).expand(1, 1, 1, 3))
    assert pixels.dtype == torch.float32 and pixels.flatten().tolist() == [0.0, 0.5, 1.0]


@pytest.mark.parametrize("shape", [(2, 2, 3), (1, 2, 2, 2), (1, 3, 2, 2, 2)])
def test_what_is_no_image_is_refused(host, shape):
    with pytest.raises(ValueError, match="an IMAGE has the shape"):
        host.image_to_engine(torch.zeros(shape))


def test_an_empty_batch_is_refused(host):
    with pytest.raises(ValueError, match="the IMAGE is empty"):
        host.image_to_engine(torch.zeros(0, 4, 4, 3))


@pytest.mark.parametrize("shape", [(4, 6), (3, 4, 6), (3, 1, 4, 6)])
def test_masks_go_there_and_back(host, shape):
    mask = torch.rand(shape)
    inside = host.mask_to_engine(mask)
    assert inside.shape == (shape[0] if len(shape) > 2 else 1, 1, 4, 6)
    assert torch.equal(host.mask_from_engine(inside), mask.reshape(-1, 4, 6))


def test_input_tensors_are_left_as_they_were(host):
    image, mask = torch.rand(1, 4, 4, 4) * 2, torch.rand(1, 4, 4) * 2
    before = image.clone(), mask.clone()
    host.image_to_engine(image).zero_()
    host.mask_to_engine(mask).zero_()
    assert torch.equal(image, before[0]) and torch.equal(mask, before[1])


def test_progress_is_told_in_steps_and_ends_an_interrupted_run(host):
    import comfy.model_management as management
    import comfy.utils

    told = []
    comfy.utils.set_progress_bar_global_hook(
        lambda value, total, preview, node_id=None: told.append(value / total)
    )
    try:
        tell = host.progress()
        tell(0.375)
        tell(1.0)
        assert told == [0.375, 1.0]
        management.interrupt_current_processing()
        with pytest.raises(management.InterruptProcessingException):
            tell(0.5)
    finally:
        comfy.utils.set_progress_bar_global_hook(None)
        management.interrupt_current_processing(False)


def test_the_models_folder_lists_networks_only(host, tmp_path):
    import folder_paths

    host.register_models_folder()
    host.register_models_folder()
    folder_paths.add_model_folder_path("repose", str(tmp_path))
    for name in ("a.onnx", "b.tflite", "c.safetensors", "readme.md", "d.onnx.part"):
        (tmp_path / name).touch()
    listed = folder_paths.get_filename_list("repose")
    assert {"a.onnx", "b.tflite", "c.safetensors"} <= set(listed) and not {"readme.md", "d.onnx.part"} & set(
        listed
    )
    assert tmp_path in host.models_folders()


def test_networks_run_under_comfyuis_memory_management(host):
    network = torch.nn.Linear(2, 2)
    loaded = host.load(host.managed(network))
    assert loaded(torch.ones(1, 2, device=host.device())).shape == (1, 2)
