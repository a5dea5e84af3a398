"""Play the scenes of our example programs.

Exit status: 0 when all is well, 1 when a scene failed, 2 for wrong arguments, 130 after Ctrl-C.
"""

import argparse
import os
import signal
import sys
from contextlib import closing
from pathlib import Path

# Found as packages: the folder itself would make its modules look like top-level ones.
sys.path[0] = str(Path(__file__).resolve().parent.parent)

from scenes.playing import FAILED, Result  # noqa: E402

from examples.catalogue import INDEX, CatalogueError, choose, index, load  # noqa: E402
from examples.playing import Company, ctrl_c_reaches_programs  # noqa: E402
from examples.progress import Display  # noqa: E402

INTERRUPTED = 130


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="examples", description="Play the scenes of our examples.")
    add = parser.add_argument
    add("names", nargs="*", metavar="NAME", help="only these scenes, or all scenes of these examples")
    add("--list", action="store_true", help="show which scenes there are, and play none")
    add("--index", action="store_true", help="write examples/README.md anew, and play none")
    add("--jobs", type=int, default=max(2, os.cpu_count() or 1), help="scenes at a time (here: %(default)s)")
    add("--transcripts", type=Path, metavar="DIR", help="write what the programs print there")
    options = parser.parse_args()
    if options.jobs < 1:
        parser.error(f"--jobs is {options.jobs}, expected at least 1")
    return options


def run(options: argparse.Namespace) -> bool:
    """Do what was asked for; return whether all is well.

    Raises:
        CatalogueError: If an example is not complete, or there is none of a name.
    """
    known = load()
    if options.index:
        INDEX.write_text(index(known), encoding="utf8")
        return True
    chosen = choose(known, options.names)
    if options.list:
        width = max(len(scene.name) for _, scene in chosen)
        for example, scene in chosen:
            print(f"{scene.name:{width}}  {example.group}")
        return True
    company, display = Company(options.jobs), Display(len(chosen))
    results: list[Result] = []
    with closing(company.play(chosen, lambda: display.waiting(company.running()))) as coming:
        for result in coming:
            results.append(result)
            display.finished(result)
            if options.transcripts:
                options.transcripts.mkdir(parents=True, exist_ok=True)
                file = options.transcripts / f"{result.scene.replace('/', ' ')}.txt"
                file.write_text(result.transcript, encoding="utf8")
    display.summary(results)
    return not any(result.outcome == FAILED for result in results)


def main() -> int:
    """Run the tool; return the exit status."""
    options = arguments()
    try:
        with ctrl_c_reaches_programs():
            signal.signal(signal.SIGTERM, signal.default_int_handler)
            return 0 if run(options) else 1
    except KeyboardInterrupt:
        print("\ninterrupted; everything that was started has ended")
        return INTERRUPTED
    except CatalogueError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
