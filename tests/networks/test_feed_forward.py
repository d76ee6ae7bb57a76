"""Unlabelled pruning of deep networks: shares, what is kept, covariance under noise in closed form, and refusals."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra torch")

from hrsnn.deep.frames import Frames  # noqa: E402
from hrsnn.deep.learning.settings import NetworkSettings  # noqa: E402
from hrsnn.deep.robust.links import end_activities, link_strengths, noise_covariances  # noqa: E402
from hrsnn.deep.robust.pruning import share_kept  # noqa: E402
from hrsnn.errors import InputError  # noqa: E402
from hrsnn.networks.feed_forward import UNLABELLED, NoiseSettings, removed_neurons, unlabelled_masks  # noqa: E402
from hrsnn.networks.graphs.channels import channel_graph  # noqa: E402

QUICK = NoiseSettings(iterations=2, samples=100)
FRAMES = Frames(np.random.default_rng(0).integers(0, 256, (40, 1, 8, 8), dtype=np.uint8), np.zeros(40, np.int64), False)


def network_of(model: str, spiking: bool = False, masked: bool = False, shape=(1, 8, 8)):
    settings = NetworkSettings(model, shape, 10, steps=2 if spiking else 1, rectified=not spiking, masked=masked)
    return settings.build().eval()


@pytest.mark.parametrize("method", UNLABELLED)
@pytest.mark.parametrize(("model", "spiking"), [("conv-16-32-fc64", False), ("resnet-small", True)])
def test_the_share_is_met_the_network_stays_and_labels_do_not_matter(model, spiking, method):
    network = network_of(model, spiking)
    before = network.arrays()
    masks = unlabelled_masks(network, FRAMES, 0.2, method, seed=3, settings=QUICK)
    assert share_kept(masks) == pytest.approx(0.2, abs=2e-4)
    assert all(mask.any() for mask in masks.values())
    assert all(np.array_equal(value, before[name]) for name, value in network.arrays().items())
    others = Frames(FRAMES.values, FRAMES.labels + 1, False)
    again = unlabelled_masks(network, others, 0.2, method, seed=3, settings=QUICK)
    assert all(np.array_equal(masks[name], again[name]) for name in masks)
    if method in ("random", "noise", "lnp"):
        other = unlabelled_masks(network, FRAMES, 0.2, method, seed=4, settings=QUICK)
        assert any((masks[name] != other[name]).any() for name in masks)


@pytest.mark.parametrize("share", [0.001, 0.05, 0.5, 1.0])
def test_a_random_mask_has_exactly_its_share(share):
    masks = unlabelled_masks(network_of("mlp"), FRAMES, share, "random", seed=1)
    assert abs(sum(int(mask.sum()) for mask in masks.values()) - round(share * 84_480)) <= 1  # a layer keeps one at least
    parts = [float(mask.mean()) for mask in masks.values()]
    assert parts == pytest.approx([share] * 3, abs=4 * (share / 2560) ** 0.5)


@pytest.mark.parametrize("model", ["conv-16-32-fc64", "resnet-small"])
def test_lnp_removes_the_neurons_that_it_is_told_to(model):
    network = network_of(model)
    graph = channel_graph(network.architecture)
    hidden = sum(graph.sizes[1:-1])
    masks = unlabelled_masks(network, FRAMES, 0.3, "lnp", settings=NoiseSettings(neurons=0.5, iterations=2, samples=100))
    assert removed_neurons(graph, masks) >= 0.5 - 1 / hidden
    every = unlabelled_masks(network, FRAMES, 0.5, "lnp", settings=NoiseSettings(neurons=0.0, iterations=1, samples=100))
    assert removed_neurons(graph, every) < 0.05


def test_a_network_that_has_a_mask_gets_a_part_of_it():
    network = network_of("conv-16-32-fc64", masked=True)
    first = unlabelled_masks(network, FRAMES, 0.4, "random", seed=1)
    network.set_masks(first)
    for method in UNLABELLED:
        masks = unlabelled_masks(network, FRAMES, 0.1, method, settings=QUICK)
        assert share_kept(masks) == pytest.approx(0.1, abs=2e-4)
        assert not any((mask & ~first[name]).any() for name, mask in masks.items()), method


def test_drive_and_activity_keep_what_their_formulas_say():
    network = network_of("mlp")
    strengths, ends = link_strengths(network), end_activities(network, FRAMES)
    drive = {name: np.abs(strengths[name]) * before for name, (before, _) in ends.items()}
    activity = {name: np.minimum(before, after[:, None]) for name, (before, after) in ends.items()}
    for method, scores in (("drive", drive), ("activity", activity)):
        masks = unlabelled_masks(network, FRAMES, 0.2, method)
        least = min(scores[name][mask].min() for name, mask in masks.items())
        assert max(scores[name][~mask].max() for name, mask in masks.items()) <= least, method


def test_activities_are_those_of_a_network_counted_by_hand():
    network = network_of("mlp", shape=(2,))
    with torch.no_grad():
        network.norm["linear1"].variance.fill_(1 - 1e-5)
        network.weight["linear1"].copy_(torch.tensor([[1.0, -1.0], [0.0, 2.0]] + [[0.0, 0.0]] * 254))
    frames = Frames(np.array([[255, 0], [255, 255]], np.uint8), np.zeros(2, np.int64), False)
    before, after = end_activities(network, frames)["linear1"]
    assert before.tolist() == [1.0, 0.5]
    assert after[:3] == pytest.approx([0.5, 1.0, 0.0], abs=1e-5)
    assert np.isinf(end_activities(network, frames)["linear3"][1]).all()


def linear_part(network):
    """Shift all currents so far that rectified units are linear."""
    level = 0.0
    with torch.no_grad():
        for name, norm in network.norm.items():
            norm.mean.copy_(level * network.weight[name].flatten(1).sum(1))
            norm.beta.fill_(level := 20.0)


def test_the_covariance_of_a_linear_network_is_its_closed_form():
    network = network_of("mlp", shape=(3,))
    linear_part(network)
    sigma, samples = 0.7, 20_000
    found = noise_covariances(network, samples, sigma)
    strengths = list(link_strengths(network).values())
    state = np.eye(3) / 12
    for matrix, (before, after, both) in zip(strengths, found.values(), strict=True):
        next_state = matrix @ state @ matrix.T + sigma**2 * np.eye(len(matrix))
        wanted = matrix @ state
        # a sample covariance of normal variables has the variance (S_ii S_jj + S_ij^2) / samples
        spread = np.sqrt((np.outer(next_state.diagonal(), state.diagonal()) + wanted**2) / samples)
        assert (np.abs(both - wanted) < 5.5 * spread).all()
        assert before == pytest.approx(state.diagonal(), rel=0.06)
        assert after == pytest.approx(next_state.diagonal(), rel=0.06)
        state = next_state


def test_the_covariance_under_a_kernel_is_its_closed_form():
    """Independent pixels x: cov(y_o, x_k) = w_ok var(x_k), k the places under the kernel that are in the image."""
    network = network_of("conv-16-32-fc64")
    linear_part(network)
    before, after, both = noise_covariances(network, 3000, 0.5)["conv1"]
    kernel = link_strengths(network)["conv1"]
    # of the 64 positions of a kernel 7 of 8 have a given row at the border within the image
    inside = np.outer([7 / 8, 1, 7 / 8], [7 / 8, 1, 7 / 8])
    mean, square = inside / 2, inside / 3
    assert before[0] == pytest.approx(square - mean**2, rel=0.02)
    # pixels outside are 0, so that the mean of a current depends on the place, as does that of what the kernel sees
    pictures = np.pad(np.full((8, 8), 0.5), 1)
    windows = np.lib.stride_tricks.sliding_window_view(pictures, (3, 3)).reshape(64, 9)
    means = np.cov(windows.T, bias=True)
    wanted = kernel.reshape(16, 9) @ (means + np.diag(inside.ravel() / 12))
    assert both.reshape(16, 9) == pytest.approx(wanted, abs=0.004)
    assert after == pytest.approx((wanted * kernel.reshape(16, 9)).sum(1) + 0.25, rel=0.05)


def test_of_links_between_neurons_that_go_together_those_that_oppose_are_kept():
    """All neurons of the first layer read the same, and drive all of the second; links of one source in eight oppose."""
    network = network_of("mlp", shape=(4,))
    with torch.no_grad():
        network.weight["linear1"].fill_(3.0)
        network.weight["linear2"].fill_(1 / 192)
        network.weight["linear2"][:, ::8] = -1 / 192
    linear_part(network)
    masks = unlabelled_masks(network, FRAMES, 0.2, "noise", settings=NoiseSettings(samples=500))
    shares = [float(one.mean()) for one in (masks["linear2"][:, ::8], np.delete(masks["linear2"], np.s_[::8], axis=1))]
    assert shares[0] > 3 * shares[1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "delocalisation"}, "method = 'delocalisation': must be one of random, activity"),
        ({"kept": 0.0}, "kept = 0.0: must be above 0"),
    ],
)
def test_bad_choices_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        unlabelled_masks(network_of("mlp"), FRAMES, **{"kept": 0.5, "method": "random", **change})


@pytest.mark.parametrize(
    "change", [{"neurons": 1.0}, {"restored": -0.1}, {"iterations": 0}, {"samples": 1}, {"noise": -1.0}], ids=str
)
def test_bad_settings_are_refused(change):
    with pytest.raises(InputError, match=next(iter(change))):
        NoiseSettings(**change)
