"""Export an instrument for conversion: `python -m models.export drift -o drift.ts`.

Reads the weights (by default the committed ones, models/weights/NAME.npz) and writes an nn~
TorchScript file; then `ondine convert drift.ts` makes the bundle, as for anyone's model.
"""

import argparse
from pathlib import Path

from models.checkpoint import load_weights
from models.instruments import Network, network
from models.nn_tilde import scripted
from models.recipes import Plan, recipe

WEIGHTS = Path(__file__).parent / "weights"


def trained(plan: Plan, weights: Path) -> Network:
    """The network of a recipe with weights from a file."""
    net = network(plan)
    load_weights(net, weights)
    return net.eval()


def untrained(plan: Plan) -> Network:
    """The network as training begins."""
    return network(plan).eval()


def main() -> None:
    parser = argparse.ArgumentParser(description="Export an instrument as an nn~ .ts file.")
    parser.add_argument("name")
    parser.add_argument("--checkpoint", type=Path, help="weights .npz; default: the committed ones")
    parser.add_argument("--untrained", action="store_true", help="export random weights instead")
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    try:
        plan = recipe(options.name)
        weights = options.checkpoint or WEIGHTS / f"{options.name}.npz"
        net = untrained(plan) if options.untrained else trained(plan, weights)
    except (ValueError, FileNotFoundError) as error:
        parser.error(str(error))
    scripted(net, list(plan.latent_labels)).save(str(options.output))
    print(f"{options.output}: {options.output.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
