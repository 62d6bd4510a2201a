import type { RequestedClaims } from '../claims.ts'

export const responseModes = ['query', 'form_post'] as const
export type ResponseMode = (typeof responseModes)[number]
export type Prompt = 'none' | 'login' | 'consent' | 'select_account'

/** An authorization request that was checked: RFC 6749 §4.1.1, OIDC Core §3.1.2.1. Stored as JSON while a person answers. */
export type AuthorizationRequest = {
  readonly clientId: string
  readonly redirectUri: string
  readonly responseMode: ResponseMode
  readonly state: string | undefined
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  readonly nonce: string | undefined
  readonly codeChallenge: string | undefined
  readonly prompt: readonly Prompt[]
  /** Seconds. */
  readonly maxAge: number | undefined
  readonly loginHint: string | undefined
  /** The subject of a valid `id_token_hint`. */
  readonly hintedSubject: string | undefined
  readonly acrValues: readonly string[]
  readonly uiLocales: readonly string[]
  readonly claims: RequestedClaims
}
