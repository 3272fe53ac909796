"""The small model of people: its examples, a training that is killed and goes on, and what the ablation measures."""

import numpy as np
import pytest
import torch

from pipelines.attention.heads import HeadOptions
from pipelines.models.reposer_parts import JOINTS
from training.diffusion import ablation, examples, train
from training.diffusion.networks import Shape, TinyAutoencoder
from training.diffusion.reference_only import ReferenceOnly
from training.people.truth.dataset import DatasetError
from training.reposer.pairs import Pairs

from ...geometry.whole_body import joints

pytest.importorskip("diffusers")
SIZE = (48, 32)
SHAPE = Shape(SIZE, channels=(32, 32), deep=(1, 1), hint=(8, 8, 8, 8))
RUN = train.Run(SHAPE, batch=2, warm=2)


@pytest.fixture(scope="module")
def tiny() -> tuple[TinyAutoencoder, object]:
    """TAESD with random weights, and diffusers' own network with the same."""
    from diffusers import AutoencoderTiny

    torch.manual_seed(0)
    plain = AutoencoderTiny().requires_grad_(False).eval()
    halves: dict[str, dict] = {"encoder": {}, "decoder": {}}
    for name, value in plain.state_dict().items():
        half, _, number, rest = name.split(".", 3)
        halves[half][f"{int(number) + (half == 'decoder')}.{rest}"] = value
    return TinyAutoencoder(**halves), plain


def people() -> Pairs:
    """Three people in two pictures: a red block on blue."""
    figure, alpha = np.zeros((3, 2, 3, 32, 32), np.uint8), np.zeros((3, 2, 32, 32), np.uint8)
    figure[..., 0, 4:28, 12:20], alpha[..., 4:28, 12:20] = 255, 255
    plate = np.zeros_like(figure)
    plate[:, :, 2] = 200
    body = np.broadcast_to(joints().numpy(), (3, 2, len(JOINTS), 3)).astype(np.float32)
    return Pairs(figure, alpha, plate, body, np.full((3, 2, 2, 32, 32, 2), np.nan, np.float16))


def test_the_two_files_of_taesd_are_the_network_of_diffusers(tiny):
    mine, plain = tiny
    picture = torch.rand(1, 3, 32, 32) * 2 - 1
    latent = mine.encode(picture).latent_dist.mode()
    assert latent.shape == (1, 4, 4, 4) and torch.equal(latent, plain.encode(picture).latents)
    assert torch.equal(mine.decode(latent).sample, plain.decode(latent).sample)


def test_examples_are_the_person_on_one_colour_and_are_read_again(tiny, tmp_path):
    out = examples.prepare(people(), tiny[0], SIZE, 2, tmp_path / "examples")
    kept = examples.Examples.read(out)
    assert len(kept) == 12 and kept.latent.shape == (12, 4, 6, 4) and np.isfinite(kept.latent).all()
    latent, hint = kept.drawn(3, SIZE, np.random.default_rng(0))
    assert latent.shape == (3, 4, 6, 4) and hint.shape == (3, 3, 48, 32) and hint.amax() > 0.5
    with pytest.raises(DatasetError, match=r"no latent\.npy: python -m training\.diffusion prepare"):
        examples.Examples.read(tmp_path)


def test_an_example_and_its_joints_move_together():
    """The block's middle lies in the picture where the middle of the joints does."""
    given = people()
    x = given.joints[..., 0]
    given.joints[..., 0] = 0.5 + (x - x.mean()) * 0.3
    given.joints[..., 1] = 0.5 + (given.joints[..., 1] - given.joints[..., 1].mean()) * 0.3
    for seed in range(12):
        picture, body = examples.example(given, 0, 0, SIZE, np.random.default_rng(seed))
        red = (picture[0, 0] > 0.5).float()
        rows, columns = (torch.arange(n) + 0.5 for n in SIZE)
        middle = torch.stack(((red * columns).sum(), (red * rows[:, None]).sum())) / red.sum()
        assert torch.allclose(middle / torch.tensor([32.0, 48.0]), body.mean(0), atol=0.03)
        left, right = (body[JOINTS.index(f"{side}_shoulder"), 0] for side in ("left", "right"))
        assert left > right, "the person's left stays on the picture's right, whoever is mirrored"


def test_a_frame_holds_the_person_or_is_none():
    matte = torch.zeros(1, 1, 60, 60)
    matte[..., 10:50, 20:30] = 1
    box = examples.frame(matte, SIZE)
    assert (box.bottom - box.top, box.right - box.left) == (42, 28)
    assert box.top <= 10 and box.bottom >= 50 and box.left <= 20 and box.right >= 30
    assert examples.frame(matte, SIZE, 1.4, 0.0).top == 0, "inside the picture"
    points = examples.framed(
        torch.tensor([[box.left / 60, box.top / 60], [box.right / 60, box.bottom / 60]]), box, 60
    )
    assert torch.allclose(points, torch.tensor([[0.0, 0], [1, 1]]))
    wide = torch.zeros(1, 1, 60, 60)
    wide[..., 20:30, 5:55] = 1
    assert examples.frame(wide, SIZE) is None and examples.frame(0 * wide, SIZE) is None


def drawn() -> examples.Examples:
    generator = np.random.default_rng(3)
    body = np.broadcast_to(joints().numpy()[:, :2], (6, len(JOINTS), 2)).astype(np.float32)
    return examples.Examples(generator.normal(size=(6, 4, 6, 4)).astype(np.float16), body)


def numbers(networks) -> torch.Tensor:
    return torch.cat([value.flatten() for value in networks.state_dict().values()])


def test_a_killed_training_goes_on_as_if_nothing_had_been(tmp_path):
    whole = train.train(RUN, drawn(), 4, tmp_path / "whole.pt")

    class Killed(RuntimeError):
        pass

    class Dying:
        """Examples that can be drawn twice."""

        left = 2

        def drawn(self, *given):
            self.left -= 1
            if self.left < 0:
                raise Killed
            return drawn().drawn(*given)

    part = tmp_path / "part.pt"
    with pytest.raises(Killed):
        train.train(RUN, Dying(), 4, part)
    assert train.trained(part)[3] == 2
    again = train.train(RUN, drawn(), 4, part)
    assert torch.equal(numbers(whole), numbers(again))
    unet, control, shape, steps = train.trained(part)
    assert (shape, steps) == (SHAPE, 4) and torch.equal(numbers(unet), numbers(again[0]))
    assert torch.equal(numbers(control), numbers(again[1]))


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    train.train(RUN, drawn(), 1, tmp_path / "a.pt")
    other = train.Run(SHAPE, batch=2, warm=2, rate=1e-3)
    with pytest.raises(ValueError, match=r"another run: rate 0\.0004 there, 0\.001 asked"):
        train.train(other, drawn(), 2, tmp_path / "a.pt")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04 cut off", "cannot be read: remove it"),
        (b"", "cannot be read: remove it"),
        (None, "is no checkpoint"),
    ],
)
def test_a_damaged_checkpoint_is_named_with_what_to_do(tmp_path, content, said):
    file = tmp_path / "a.pt"
    if content is None:
        torch.save({"weights": torch.zeros(1)}, file)
    else:
        file.write_bytes(content)
    for use in (train.trained, lambda path: train.train(RUN, drawn(), 1, path)):
        with pytest.raises(ValueError, match=f"a.pt {said}"):
            use(file)


def test_it_learns(tmp_path):
    """One example again and again: the loss falls to less than half."""
    trainer = train.Trainer(train.Run(SHAPE, batch=8, warm=5, rate=2e-3))
    latent, hint = drawn().drawn(1, SIZE, np.random.default_rng(0))
    losses = [trainer.stepped(latent.expand(8, -1, -1, -1), hint.expand(8, -1, -1, -1)) for _ in range(60)]
    assert np.mean(losses[-10:]) < 0.5 * np.mean(losses[:5])


@pytest.fixture(scope="module")
def model(tiny) -> ablation.Model:
    torch.manual_seed(1)
    unet, control = (one.eval().requires_grad_(False) for one in SHAPE.networks())
    return ablation.Model(unet, control, tiny[0], SIZE, 0)


@pytest.fixture(scope="module")
def pair() -> ablation.Pair:
    """A person in a shirt who stays where they are."""
    from pipelines.geometry.garments import NUMBER, GarmentMap
    from pipelines.geometry.lighting import LightField
    from pipelines.geometry.warped import Correspondence
    from training.diffusion.pairs import surface_of

    y, x = torch.meshgrid(torch.arange(96.0), torch.arange(64.0), indexing="ij")
    inside = (x - 31.5).abs() < 20
    up = torch.tensor([0.0, 0, -1]) * inside[..., None]
    place = torch.where(inside[..., None], torch.stack((x, y), -1), torch.nan)
    part = torch.where(inside, 2, -1)
    found = Correspondence(
        place, inside.float(), inside.float(), part, inside.float(), up, up, torch.zeros_like(part)
    )
    labels = (NUMBER["upper"] * inside)[None, None].to(torch.uint8)
    matte = inside.float()[None, None]
    worn = GarmentMap(labels, torch.zeros_like(matte), matte)
    alpha = torch.nn.functional.avg_pool2d(matte, 2)
    picture = 0.5 + 0.3 * torch.rand(1, 3, *SIZE, generator=torch.Generator().manual_seed(2))
    ground = torch.full((1, 3, 1, 1), 0.5)
    surface = surface_of(found, alpha)
    return ablation.Pair(
        picture, picture, ground, alpha, labels[..., ::2, ::2], surface, joints()[None, :, :2], found, worn,
        LightField.flat(),
    )  # fmt: skip


def test_the_heads_change_the_picture_and_reference_only_does_otherwise(model, pair):
    made = model.every(pair)
    assert set(made) == {*ablation.HEADS, ablation.REFERENCE_ONLY, ablation.DECODED}
    assert all(one.shape == (1, 3, *SIZE) and one.isfinite().all() for one in made.values())
    different = [made[name] for name in ("none", "textile alone", "light alone", ablation.REFERENCE_ONLY)]
    for i, one in enumerate(different):
        for other in different[:i]:
            assert (one - other).abs().max() > 1e-6
    assert torch.equal(made["none"], made["anatomy alone"]), "nothing of this person is bare"
    assert torch.equal(made["none"], model.painted(pair, ablation.OFF)), "the same noise, the same picture"


def test_reference_only_leaves_the_network_as_it_was(model, pair):
    before = dict(model.unet.attn_processors)
    model.painted(pair, HeadOptions(), ReferenceOnly)
    assert model.unet.attn_processors == before


def test_reference_only_looks_at_both(model):
    """With the photo's tokens its own, a softmax over both is the softmax over one."""
    from pipelines.attention.processors import Mode, Session
    from pipelines.attention.reference import Memory
    from training.diffusion.reference_only import Beside

    attention = next(m for name, m in model.unet.named_modules() if name.endswith("attn1"))
    x = torch.randn(2, 16, attention.to_q.in_features)
    session = Session(Memory(None), 1)
    session.memory.kept[x.device] = {}
    mine = Beside(session, "here")
    own = mine(attention, x)
    with session.passing(Mode.WRITE, (4, 4)):
        mine(attention, x[:1])
    with session.passing(Mode.READ, (4, 4)):
        assert torch.allclose(mine(attention, x[:1]), own[:1], atol=1e-5)
        assert (mine(attention, x[1:]) - own[1:]).abs().max() > 1e-4


def test_joints_taken_for_others_are_counted():
    true = np.array([[0.0, 0], [10, 0], [0, 10], [10, 10]])
    assert ablation.mistaken(true, true) == 0
    swapped = true[[1, 0, 2, 3]]
    assert ablation.mistaken(swapped, true) == 0.5
    assert ablation.mistaken(true + [4, 0], true) == 0 and ablation.mistaken(true + [6, 0], true) == 0.5


def test_the_table_tells_what_a_way_changes():
    plain = np.full((5, 7), 0.5)
    better = plain - np.arange(7) / 100
    said = ablation.table({"none": plain, "textile alone": better, ablation.DECODED: plain})
    lines = said.splitlines()
    assert lines[0] == "| way | figure | clothes | worn | skin | pose | mistaken | light |"
    assert lines[3] == "| textile alone | 0.500 | 0.490 | 0.5 | 0.5 | 0.460 | 0.450 | 0.4 |"
    assert lines[5].startswith("| textile alone - none | +0.000 [+0.000, +0.000] | -0.010 [-0.010, -0.010] |")
