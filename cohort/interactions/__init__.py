"""What goes wrong when drugs meet: risks of a protocol, said before anything is simulated.

Rules are data (`risks.yaml`): which targets two drugs hold, not which drugs they are, so a user's
own drug is judged like a packaged one. Exposure through shared enzymes is computed. The model
simulates what a protocol asks for whatever is said here.
"""

from cohort.interactions.find_risks import Risk, protocol_risks
from cohort.interactions.profile import DrugProfile, drug_profile, exposure_ratio, share_gone
from cohort.interactions.risk_rules import RiskRule, Role, risk_rules

__all__ = [
    "DrugProfile",
    "Risk",
    "RiskRule",
    "Role",
    "drug_profile",
    "exposure_ratio",
    "protocol_risks",
    "risk_rules",
    "share_gone",
]
