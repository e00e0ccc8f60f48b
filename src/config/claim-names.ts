/** Where a token says its tenant, role and subject: identity providers have claims of their own for them. */
export interface ClaimNames {
  tenant: string;
  role: string;
  subject: string;
}

export const DEFAULT_TENANT_CLAIM = 'tenant_id';
export const DEFAULT_ROLE_CLAIM = 'role';
export const DEFAULT_SUBJECT_CLAIM = 'sub';

export const DEFAULT_CLAIM_NAMES: ClaimNames = {
  tenant: DEFAULT_TENANT_CLAIM,
  role: DEFAULT_ROLE_CLAIM,
  subject: DEFAULT_SUBJECT_CLAIM,
};

/**
 * What a name may be. Dots lead into objects, and `*` into what has one member only (`organization.*.id`). With a colon or a
 * slash in it, it is one name, dots or not (`https://example.com/tenant_id`).
 */
export const CLAIM_NAME = /^(?:[^\s.:/]+(?:\.[^\s.:/]+)*|\S*[:/]\S*)$/;
