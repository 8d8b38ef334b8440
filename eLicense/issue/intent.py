"""What is to be signed, made from a draft and its claim: the same bytes every time; and its sealed copies."""

from __future__ import annotations

from eLicense.calendar import day_of
from eLicense.catalogue.model import Agency
from eLicense.issue.claiming import Claimed
from eLicense.issue.draft import Draft
from eLicense.licences.licence import Holding, Licence
from eLicense.licences.sealed import CONTENT, seal_label
from eLicense.licences.states import State
from holders import Register
from manyou.identifiers import LicenceIdentifier
from manyou.licences import Holder, LicenceContent, content_hash, payload

__all__ = ["intend", "seal_for_holders"]


def intend(
    draft: Draft, claimed: Claimed, agency: Agency, key_id: str, status_uri: str, deployment: str
) -> tuple[Licence, bytes]:
    """The licence's row, and exactly the bytes that will be signed."""
    claim = claimed.claim
    serial = f"{claim.year}{claim.serial:09d}"
    identifier = str(LicenceIdentifier.make(draft.type.code, draft.agency, serial))
    roles = {role.code: role.zh for role in draft.type.roles}
    exchange = {field.name: field.exchange for field in draft.type.fields}
    content = LicenceContent(
        licence_id=claim.licence_id,
        identifier=identifier,
        name=draft.type.zh,
        type_code=draft.type.code,
        number=draft.number or serial,
        issuer_name=agency.zh,
        issuer_code=agency.uscc,
        issued_on=day_of(draft.effective_at),
        holders=tuple(
            Holder(
                name=holder.label.name,
                number=holder.label.number,
                document_type=holder.label.document_type,
                role=roles[holder.role],
                share=holder.share,
            )
            for holder in draft.holders
        ),
        valid_from=draft.valid_from,
        valid_to=draft.valid_until,
        signer=agency.zh,
        signed_at=claim.at,
        created_at=claim.at,
        status_uri=status_uri,
        status_index=claim.status_index,
        fields={exchange[name]: value for name, value in draft.values.items()},
    )
    data = payload(content, deployment)
    licence = Licence(
        id=claim.licence_id,
        identifier=identifier,
        type=draft.type.code,
        agency=draft.agency,
        region=draft.region,
        trust="A",
        recorded_state=State.INTENDED,
        revision=0,
        status_list=claim.status_list,
        status_index=claim.status_index,
        valid_from=draft.begins,
        valid_ends=draft.ends,
        content_hash=content_hash(data),
        key_id=key_id,
        effective_at=draft.effective_at,
        recorded_at=claim.at,
        signed_at=0,
        replaces="",
    )
    return licence, data


def seal_for_holders(draft: Draft, claimed: Claimed, data: bytes, register: Register) -> tuple[Holding, ...]:
    """Each holder's row, with label and content sealed under the own data key."""
    rows = []
    for position, (applicant, holder_key) in enumerate(zip(draft.holders, claimed.holders, strict=True)):
        fields = register.fields(holder_key)
        rows.append(
            Holding(
                licence_id=claimed.claim.licence_id,
                position=position,
                holder_key=holder_key,
                kind=applicant.kind,
                role=applicant.role,
                share=applicant.share,
                label=seal_label(fields, applicant.label),
                content=fields.seal(CONTENT, data.decode()),
            )
        )
    return tuple(rows)
