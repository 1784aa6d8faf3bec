import numpy as np

from embeddings.features import Features
from embeddings.network import prepare


def test_few_alike_rows_of_many_columns_have_principal_components() -> None:
    """A handful of near-copies leaves hundreds of eigenvalues that are all but zero."""
    draw = np.random.default_rng(0)
    rows = np.abs(draw.standard_normal((6, 592))).astype(np.float32)[[0, 1, 2, 3, 4, 5, 0, 1, 2]]
    matrix = np.zeros((40, 592), dtype=np.float32)
    matrix[:9] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    features = Features("image", matrix, np.arange(40) < 9, "classical", "1")
    inputs = prepare(features, 40).inputs
    assert np.isfinite(inputs.numpy()).all()
    assert np.allclose(inputs[0], inputs[6], atol=1e-4)
    assert not np.allclose(inputs[0], inputs[1], atol=1e-2)
