import type { FamilyEnd } from '../oauth/tokens/family-end.ts'

const sentences: Readonly<Record<FamilyEnd, string>> = {
  replayed:
    'a refresh token was presented that had been exchanged before, and its retry window was over: somebody may have a copy, or the app kept an old one',
  stale:
    'a refresh token was presented whose successor had been exchanged too: a copy of the app’s storage such as a restored backup, a process or tab that slept through a rotation, or a thief',
  code_replayed: 'its authorization code was redeemed a second time: somebody has a copy',
  logged_out: 'the person logged out',
  revoked_by_client: 'the client gave the token back',
  revoked_by_user: 'the person ended it',
  revoked_by_admin: 'an administrator ended it',
  user_disabled: 'the person was disabled',
  client_disabled: 'the client was disabled or deleted',
  client_changed: 'the client was changed, and knows people by another `sub` since',
  password_changed: 'the password was changed',
  early_refresh: 'it was refreshed while its access token was still young',
  pair_mismatch: 'the refresh token came without the access token of its pair',
  retry_elsewhere: 'a retry came from another network or device',
  consent_withdrawn: 'the person withdrew the consent',
  session_evicted: 'the person logged in on more devices than are allowed, and this login was the first to begin',
  not_me: 'the person said that it was somebody else',
}

/** Why a family or a session ended, in words; an unknown reason by its name. */
export const endInWords = (reason: string | undefined): string =>
  Object.entries(sentences).find(([name]) => name === reason)?.[1] ?? reason ?? 'no reason was recorded'
