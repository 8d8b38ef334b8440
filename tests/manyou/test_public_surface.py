"""What other halls may rely on.  A change here is a change for them: say so in the change log."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

SURFACE = {
    "manyou": "",
    "manyou.errors": (
        "BadRequest Conflict Forbidden Gone Malformed NotFound Problem STATUS TooLarge TooMany "
        "Unauthenticated Unavailable problem_for"
    ),
    "manyou.identifiers": (
        "ForeignPermit HOLDER_CODE_TYPES InvalidIdentifier InvalidLicenceIdentifier InvalidOrganisationCode "
        "InvalidResidentId InvalidUscc LICENCE_OID LicenceIdentifier NameMatch ORGANISATION_CODE_TYPES "
        "OrganisationCode ResidentId Uscc compare_names fold_name holder_code_name legacy_to_18 mask_mobile "
        "mask_name mask_number normalise_number"
    ),
    "manyou.codes": (
        "AHEAD_SECONDS BadSignature CODE_SECONDS_MAX ClockDiffers CodeA CodeExpired CodeRefused LEAST_DIGITS "
        "MOST_CHARACTERS Sign SignedCode UnknownIssuer Unreadable Verdict VerifiedCode check_fresh digits_of "
        "encode freshness parse sig_structure verify"
    ),
    "manyou.licences": (
        "Holder LONGEST LicenceContent LicenceIssuerUnknown LicenceRefused LicenceSignatureRefused PERPETUAL "
        "RESERVED_FIELDS TYP VerifiedLicence content_hash metadata payload read_metadata read_payload seal "
        "verify"
    ),
    "manyou.status": (
        "BITS LARGEST_BYTES Status StatusBits StatusClaims StatusList StatusListRefused StatusListRolledBack "
        "StatusOutOfRange TYP claims compress decompress sign verify"
    ),
    "manyou.trust": (
        "Issuer KeyPurpose LONGEST LicenceType Pin StatusListAddress TYP TrustContent TrustList "
        "TrustListExpired TrustListRefused TrustListRolledBack TrustedKey sign"
    ),
    "manyou.offline": "OfflineVerdict OfflineVerifier verify_offline verify_signed",
}
FOREIGN = ("jwt", "requests", "flask", "authlib", "joserfc")


@pytest.mark.parametrize("module", SURFACE)
def test_public_names(module: str) -> None:
    loaded = importlib.import_module(module)
    assert sorted(loaded.__all__) == sorted(SURFACE[module].split())
    assert [name for name in loaded.__all__ if not hasattr(loaded, name)] == []


def loaded_by(statement: str) -> set[str]:
    program = f"{statement}; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_package_loads_nothing() -> None:
    modules = loaded_by("import manyou")
    assert {name for name in modules if name.startswith("manyou")} == {"manyou"}


@pytest.mark.parametrize("module", [name for name in SURFACE if name != "manyou"])
def test_formats_load_no_client(module: str) -> None:
    modules = loaded_by(f"import {module}")
    assert [name for name in FOREIGN if name in modules] == []
    assert [name for name in modules if name.startswith(("manyou.hall", "manyou.flask"))] == []
