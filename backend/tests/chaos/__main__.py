"""`make chaos`: every fault under the load of 32 clients, then a cut at every message; a table."""

import sys

from backend.tests.chaos.cuts import CASES, cut_everywhere, cuts
from backend.tests.chaos.faults import BEHIND_A_LINE, FAULTS
from backend.tests.chaos.trial import Report, endure
from backend.tests.chaos.world import world, world_behind_a_line

CLIENTS = 32
TIMES = 20
COUNTS = ("requests", "acknowledged", "refused", "failed", "lost", "doubled", "astray", "misled")
SECONDS = ("slowest (s)", "silence (s)", "recovery (s)")


def heading() -> str:
    return f"{'fault':<24}" + "".join(f"{name:>13}" for name in (*COUNTS, *SECONDS))


def line(report: Report) -> str:
    failed = sum(report.failed.values())
    counts = (report.verdicts.total(), report.acknowledged, report.refused, failed)
    wrong = (report.lost, report.doubled, report.astray, report.misled)
    numbers = "".join(f"{number:>13,}" for number in (*counts, *wrong))
    seconds = (report.slowest, report.silence, report.recovery)
    return f"{report.name:<24}{numbers}" + "".join(f"{number:>13.2f}" for number in seconds)


def main() -> None:
    print(heading(), flush=True)
    reports: list[Report] = []

    def tell(report: Report) -> None:
        print(line(report), flush=True)
        reports.append(report)

    with world() as ours:
        for fault in FAULTS:
            tell(endure(ours, fault, CLIENTS, TIMES))
        with cuts(ours) as sender:
            cut_everywhere(sender, CASES, anew=True)
            tell(sender.report("cut at every message"))
    with world_behind_a_line() as ours:
        for fault in BEHIND_A_LINE:
            tell(endure(ours, fault, CLIENTS, TIMES))
    for report in reports:
        for verdict, number in report.failed.items():
            print(f"{report.name}: {number} x {verdict}")
        if report.is_late:
            print(f"{report.name}: the recovery took too long")
    sys.exit(not all(report.is_good for report in reports))


if __name__ == "__main__":
    main()
