"""Build real nn~ exports of RAVE with random weights, as fixtures for the converter's tests.

    .oracle/bin/python tests/oracle/export_models.py [OUT_DIR [KIND ...]]

Runs in the oracle environment (`environment.py` makes it), where acids-rave is an installed
package that is driven, never copied. OUT_DIR defaults to `.oracle/models`; without a KIND every
row of `recipes.py` is built. Beside each file stands `KIND.json`: the recipe's hash (a file whose
hash still matches is left alone), seconds, and what the finished file was measured to do.
"""

import hashlib
import json
import os
import sys
import time
import zlib
from dataclasses import asdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "torchaudio_stub"))

import logging  # noqa: E402
import warnings  # noqa: E402

import torch  # noqa: E402
from recipes import RECIPES, Recipe  # noqa: E402

ROOT = HERE.parents[1]
BUILDERS = ("weights.py", "export_models.py", "requirements.txt")
SECONDS_MEASURED = 2.0


def recipe_hash(recipe: Recipe) -> str:
    """Return a hash of the row and of everything that turns it into a file."""
    digest = hashlib.sha256(json.dumps(asdict(recipe), sort_keys=True).encode())
    for name in BUILDERS:
        digest.update((HERE / name).read_bytes())
    for path in sorted((HERE / "torchaudio_stub").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def build(recipe: Recipe, path: Path) -> dict[str, object]:
    """Build one kind into `path`; return what is worth recording about it."""
    import cached_conv as cc
    import gin
    import rave
    import weights
    from scripts import export

    torch.manual_seed(zlib.crc32(recipe.kind.encode()))
    cc.use_cached_conv(recipe.streaming)
    # nn_tilde tries each method with a batch of 4, which a prior's one-row memory cannot hold.
    cc.MAX_BATCH_SIZE = cc.convs.MAX_BATCH_SIZE if recipe.prior_dims is None else 1
    gin.clear_config()
    gin.parse_config_files_and_bindings(
        [f"configs/{name}.gin" for name in recipe.configs], list(recipe.bindings)
    )
    model = rave.RAVE(n_channels=recipe.channels).eval()
    if recipe.wrapper == "checkpoint":
        torch.save(checkpoint(model), path)
        return {}
    for module in model.modules():
        if hasattr(module, "weight_g"):
            torch.nn.utils.remove_weight_norm(module)
    weights.sound(model)
    weights.set_fidelity(model, recipe.latent_dims)
    prior = None if recipe.prior_dims is None else build_prior(model, recipe.prior_dims)
    wrapper = getattr(export, recipe.wrapper)(
        pretrained=model, target_sr=recipe.export_rate_hz, prior=prior
    )
    # The order of acids-rave's own script: one block of silence through, then saved as it is.
    wrapper.decode(wrapper.encode(torch.zeros(1, recipe.channels, 2**14)))
    wrapper.export_to_ts(str(path))
    return measure(path)


def checkpoint(model: torch.nn.Module) -> dict[str, object]:
    """Return what a training run would have saved, as far as a reader can tell: no graph in it."""
    return {
        "epoch": 0,
        "global_step": 0,
        "pytorch-lightning_version": "2.6.6",
        "state_dict": model.state_dict(),
        "callbacks": {},
    }


def build_prior(model: torch.nn.Module, latent_dims: int) -> torch.nn.Module:
    """Return RAVE's own WaveNet prior around `model`, traced as its export script does."""
    import rave.prior.model
    from scripts import export

    net = rave.prior.model.VariationalPrior(
        resolution=32,
        res_size=512,
        skp_size=256,
        kernel_size=3,
        cycle_size=4,
        n_layers=10,
        pretrained_vae=model,
        latent_size=latent_dims,
        n_channels=model.n_channels,
    ).eval()
    net.post_net[-1].weight *= 30.0  # else every token is equally likely
    return export.TraceModel(net, model)


def measure(path: Path) -> dict[str, object]:
    """Load the finished file as any host would, stream two seconds through it, describe both."""
    from weights import plucked_signal

    module = torch.jit.load(str(path))
    methods = {name: getattr(module, f"{name}_params").tolist() for name in module.get_methods()}
    hop = methods["encode"][3]
    block = max(hop, 2048)
    blocks = int(SECONDS_MEASURED * module.sr / block)
    torch.manual_seed(0)
    signal = plucked_signal(blocks * block, module.sr, methods["encode"][0])
    latents, outputs = [], []
    for x in signal.split(block, -1):
        latents.append(module.encode(x))
        outputs.append(module.decode(latents[-1]))
    latent, output = torch.cat(latents, -1), torch.cat(outputs, -1)
    return {
        "class": module.original_name,
        "methods": methods,
        "sample_rate": module.sr,
        "full_latent_size": module.full_latent_size,
        "latent_deviation": round(float(latent[..., -latent.shape[-1] // 2 :].std()), 4),
        "decode_peak": round(float(output.nan_to_num().abs().max()), 4),
        "decode_rms": round(float(output.nan_to_num().pow(2).mean().sqrt()), 4),
        "not_finite": int((~output.isfinite()).sum()),
    }


def main(arguments: list[str]) -> int:
    """Build the kinds asked for; return the number that failed."""
    out = Path(arguments[0]) if arguments else ROOT / ".oracle" / "models"
    kinds = arguments[1:] or list(RECIPES)
    unknown = [kind for kind in kinds if kind not in RECIPES]
    if unknown:
        print(f"unknown kind {', '.join(unknown)}; there are: {', '.join(RECIPES)}")
        return len(unknown)
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    warnings.filterwarnings("ignore")
    logging.disable(logging.ERROR)  # gin reports every folder it did not find a file in
    failed = 0
    for kind in kinds:
        recipe, wanted = RECIPES[kind], recipe_hash(RECIPES[kind])
        path, note = out / RECIPES[kind].filename, out / f"{kind}.json"
        if path.exists() and note.exists() and json.loads(note.read_text())["recipe"] == wanted:
            print(f"{kind}: up to date", flush=True)
            continue
        started = time.monotonic()
        part = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            facts = build(recipe, part)
        except Exception as error:  # one kind's failure must not cost the others
            failed += 1
            part.unlink(missing_ok=True)
            print(f"{kind}: failed, {type(error).__name__}: {error}", flush=True)
            continue
        part.replace(path)
        seconds = round(time.monotonic() - started, 1)
        facts = {"recipe": wanted, "seconds": seconds, "bytes": path.stat().st_size, **facts}
        note.write_text(json.dumps(facts, indent=1) + "\n")
        peak = f", decode peak {facts['decode_peak']}" if "decode_peak" in facts else ""
        print(f"{kind}: {seconds} s, {facts['bytes'] / 1e6:.1f} MB{peak}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
