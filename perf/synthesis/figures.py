"""What the reversals of `films.py` are worth: right, wrong and refused, before and after the judge.

``python figures.py CORPUS.jsonl FOLDER...`` reads the journals of jobs, finished or not: of
`synthesize polarity-reversal`, and of `synthesize judge` on what came out of it. A reversal is right if the
metadata of the films says that its instruction fits its positive and none of its instruction negatives; it is
undecided if the instruction says anything that metadata does not tell.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from scipy.stats import binomtest

from ifir_eval.synthesis.journal import Outcome, read_outcomes
from ifir_eval.synthesis.judges.judge import Claim, Finding
from ifir_eval.synthesis.judges.metadata import MetadataJudge, metadata_judge

TRUTHS = ("right", "wrong", "undecided", "refused")
EXAMPLES = 3


class Judged(NamedTuple):
    """A row: of which kind, what is true of its reversal, and what a judge says of both views, if one did."""

    outcome: Outcome
    kind: str
    truth: str
    findings: tuple[Finding, ...]

    @property
    def kept(self) -> bool:
        """Whether the judge agrees with both views."""
        return bool(self.findings) and all(finding.holds for finding in self.findings)

    @property
    def kept_alone(self) -> bool:
        """Whether it agrees with the reversed view."""
        return bool(self.findings) and self.findings[1].holds


def judged(outcomes: Sequence[Outcome], metadata: MetadataJudge) -> Iterator[Judged]:
    """Each row that was asked about, beside what the metadata says."""
    pairs = [outcome for outcome in outcomes if outcome.written]
    findings = {outcome.written[0].pair_id: outcome.findings for outcome in pairs if outcome.findings}
    seen = set()
    for outcome in outcomes:
        if not outcome.written:
            yield Judged(outcome, "", "refused", ())
            continue
        original, twin = outcome.written
        if original.pair_id in seen:
            continue
        seen.add(original.pair_id)
        finding = metadata.find(Claim(twin, twin.instruction_negatives))
        undecided = finding.positive is None or None in finding.breaking
        truth = "undecided" if undecided else "right" if finding.holds else "wrong"
        lever = "genre" if twin.query.startswith("films of") else "year"
        kind = f"{lever}, {len(twin.instruction_negatives)} to break it"
        yield Judged(outcome, kind, truth, findings.get(original.pair_id, ()))


def share(count: int, of: int) -> str:
    """A share with its 95% interval (Wilson)."""
    if not of:
        return f"{count}/0"
    interval = binomtest(count, of).proportion_ci(method="wilson")
    return f"{count}/{of} = {count / of:.0%} ({interval.low:.0%} to {interval.high:.0%})"


def tell(found: Sequence[Judged]) -> None:
    """Print the shares before and after the judge, by kind of row."""
    for kind in ["", *sorted({one.kind for one in found} - {""})]:
        some = [one for one in found if not kind or one.kind == kind]
        counts = Counter(one.truth for one in some)
        print(f"\n{kind or 'all rows'}: before the judge")
        for truth in TRUTHS:
            print(f"  {truth:10} {share(counts[truth], len(some))}")
        seen = [one for one in some if one.findings]
        counts = Counter(one.truth for one in seen)
        for views, kept in (
            ("both views", [one for one in seen if one.kept]),
            ("the reversed view", [one for one in seen if one.kept_alone]),
        ):
            after = Counter(one.truth for one in kept)
            print(f"  kept by the judge, who looks at {views}: {share(len(kept), len(seen))}")
            for truth in TRUTHS[:3]:
                survive = f"{after[truth]} of {counts[truth]} survive"
                print(f"    {truth:10} {share(after[truth], len(kept))}; {survive}")


def tell_judge(found: Sequence[Judged], metadata: MetadataJudge) -> None:
    """Print how often the judge agrees with the metadata on single passages of either view."""
    print("\nthe judge against the metadata, passage by passage")
    for place, view in enumerate(("original", "reversed")):
        pairs = [pair for one in found if one.findings for pair in _passages(one, place, metadata)]
        for fits in (True, False):
            said = [mine for mine, true in pairs if true is fits]
            print(
                f"  {view:9} passages that {'fit' if fits else 'do not'}: {share(said.count(fits), len(said))}"
            )


def _passages(one: Judged, place: int, metadata: MetadataJudge) -> Iterator[tuple[bool | None, bool | None]]:
    """For each passage of a row whether it fits: as the judge says, and as the metadata says."""
    row, finding = one.outcome.written[place], one.findings[place]
    truth = metadata.find(Claim(row, row.instruction_negatives))
    yield finding.positive, truth.positive
    for mine, true in zip(finding.breaking, truth.breaking, strict=True):
        yield None if mine is None else not mine, None if true is None else not true


def tell_examples(found: Sequence[Judged]) -> None:
    """Print rows of each outcome."""
    for truth in TRUTHS:
        for kept in (True, False):
            some = [one for one in found if one.truth == truth and one.kept is kept]
            if some:
                print(f"\n{truth}, {'kept' if kept else 'not kept'} ({len(some)})")
            for one in some[:EXAMPLES]:
                if one.truth == "refused":
                    print(f"  {one.outcome.reason}: {one.outcome.detail[:160]!r}")
                    continue
                original, twin = one.outcome.written
                print(f"  {original.query} | {original.instruction} -> {twin.instruction}")
                print(f"    to fit: {twin.positive}")
                for text in twin.instruction_negatives:
                    print(f"    to break it: {text}")
                print(f"    {_why(one)}")


def _why(one: Judged) -> str:
    whys = [f"{finding.view}: {finding.why}" for finding in one.findings if finding.why]
    return "; ".join(whys) or ("kept" if one.findings else "not judged yet")


def main(corpus: str, *folders: str) -> None:
    """Print everything."""
    metadata = metadata_judge(Path(corpus))
    outcomes = [outcome for folder in folders for outcome in read_outcomes(Path(folder))]
    found = list(judged(outcomes, metadata))
    print(f"{len(found)} rows, {sum(bool(one.findings) for one in found)} of them judged")
    for reason, count in Counter(one.outcome.reason for one in found if one.truth == "refused").most_common():
        print(f"  refused {count}: {reason}")
    tell(found)
    tell_judge(found, metadata)
    efforts = [outcome.effort for outcome in outcomes]
    judging = [finding.effort for outcome in outcomes for finding in outcome.findings]
    for name, some in (("writing", efforts), ("judging", judging)):
        total = [
            sum(getattr(one, part) for one in some) for part in ("requests", "tokens_read", "tokens_written")
        ]
        print("{}: {:,} requests, {:,} tokens read, {:,} written".format(name, *total))
    tell_examples(found)


if __name__ == "__main__":
    main(*sys.argv[1:])
