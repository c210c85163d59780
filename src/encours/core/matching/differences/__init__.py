"""Differences between what came and what was chosen: each gets one named cause, proved, inside a policy or not."""

from encours.core.matching.differences.case import Case, Chosen, Free
from encours.core.matching.differences.causes import causes
from encours.core.matching.differences.explain import Difference, Explanation, explain_gap, judge
from encours.core.matching.differences.policy import Policy, Rule, policy_faults

__all__ = [
    "Case",
    "Chosen",
    "Difference",
    "Explanation",
    "Free",
    "Policy",
    "Rule",
    "causes",
    "explain_gap",
    "judge",
    "policy_faults",
]
