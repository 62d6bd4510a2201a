/** Why a family ended, for good. */
export type FamilyEnd =
  | 'replayed'
  | 'stale'
  | 'code_replayed'
  | 'logged_out'
  | 'revoked_by_client'
  | 'revoked_by_user'
  | 'revoked_by_admin'
  | 'user_disabled'
  | 'client_disabled'
  | 'client_changed'
  | 'password_changed'
  | 'early_refresh'
  | 'pair_mismatch'
  | 'retry_elsewhere'
  | 'consent_withdrawn'
  | 'session_evicted'
  | 'not_me'

/** Ends that point to a stolen token: the person is told. */
export const theftEnds = [
  'replayed',
  'stale',
  'code_replayed',
  'early_refresh',
  'pair_mismatch',
  'retry_elsewhere',
] as const satisfies readonly FamilyEnd[]
