"""A short run of hostile frames; `python tests/fuzz/gate.py` is the long one."""

from fuzz.gate import run_hostile


def test_hostile_frames_harm_nothing() -> None:
    findings = run_hostile(6_000, seed=50_000)
    assert sum(findings.outcomes.values()) == 6_000
    assert findings.outcomes["new"] > 200
    assert {"malformed", "gap", "foreign_client", "split_surrogate", "unsupported_content"} <= findings.outcomes.keys()
    assert findings.slowest_seconds < 0.5
    assert findings.grown_kilobytes < 20_000
