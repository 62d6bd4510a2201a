import type { RequestedClaims } from '../claims.ts'

/** OAuth 2.0 Form Post Response Mode, JARM §2.3. No fragment: a code alone never needs one. */
export const responseModes = ['query', 'form_post', 'jwt', 'query.jwt', 'form_post.jwt'] as const
export type ResponseMode = (typeof responseModes)[number]
export type Prompt = 'none' | 'login' | 'consent' | 'select_account'

/** What a person is asked to allow, by whatever way the app asked: RFC 6749 §4.1.1, OIDC Core §3.1.2.1, RFC 8628 §3.1. */
export type Asked = {
  readonly clientId: string
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  readonly nonce: string | undefined
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

/** The answer goes back through the browser in which it was asked. */
export type RedirectedRequest = Asked & {
  readonly device?: undefined
  readonly redirectUri: string
  readonly responseMode: ResponseMode
  readonly state: string | undefined
  readonly codeChallenge: string | undefined
  /** RFC 9449 §10: the thumbprint of the key that may redeem the code. */
  readonly dpopJkt: string | undefined
  /** RFC 9126: of the `request_uri` it came by, in base64url; what was pushed is spent when the answer is given. */
  readonly pushedHash: string | undefined
}

/** RFC 8628: the answer waits at the token endpoint for a device that asks again and again. */
export type DeviceRequest = Asked & { readonly device: AskingDevice }

export type AskingDevice = {
  /** SHA-256 of the device code, in base64url. */
  readonly codeHash: string
  /** As the person reads it on the device. Whose browser entered it is settled: it is worth nothing anywhere else. */
  readonly userCode: string
  readonly ip: string | undefined
  readonly userAgent: string | undefined
  /** Both ISO 8601. */
  readonly askedAt: string
  readonly expiresAt: string
}

/** Checked, and stored as JSON while a person answers. Which of the two it is, is said by `device`. */
export type AuthorizationRequest = RedirectedRequest | DeviceRequest

/** The parameters that have a meaning here: RFC 6749 §4.1.1, RFC 7636, RFC 8707, RFC 9449 §10, OIDC Core §3.1.2.1 and §5.5. */
export const parameterNames: readonly string[] = [
  'client_id',
  'response_type',
  'response_mode',
  'redirect_uri',
  'scope',
  'state',
  'nonce',
  'code_challenge',
  'code_challenge_method',
  'resource',
  'prompt',
  'max_age',
  'login_hint',
  'id_token_hint',
  'acr_values',
  'ui_locales',
  'claims',
  'dpop_jkt',
]
