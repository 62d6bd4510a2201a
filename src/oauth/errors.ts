/**
 * Every error code the protocol knows, with its status, once. RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, RFC 7009 §2.2.1,
 * RFC 7591 §3.2.2, RFC 8628 §3.5, RFC 8707 §2, RFC 9101 §6, RFC 9449 §5 and §8, RFC 9470 §3, OIDC Core §3.1.2.6.
 */
const statuses = {
  invalid_request: 400,
  invalid_client: 401,
  invalid_grant: 400,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
  unsupported_response_type: 400,
  unsupported_token_type: 400,
  invalid_scope: 400,
  invalid_target: 400,
  invalid_redirect_uri: 400,
  invalid_client_metadata: 400,
  unapproved_software_statement: 400,
  access_denied: 400,
  login_required: 400,
  consent_required: 400,
  interaction_required: 400,
  account_selection_required: 400,
  unmet_authentication_requirements: 400,
  authorization_pending: 400,
  slow_down: 400,
  expired_token: 400,
  invalid_dpop_proof: 400,
  use_dpop_nonce: 400,
  invalid_request_object: 400,
  invalid_request_uri: 400,
  request_not_supported: 400,
  request_uri_not_supported: 400,
  registration_not_supported: 400,
  invalid_token: 401,
  insufficient_scope: 403,
  insufficient_user_authentication: 401,
  server_error: 500,
  temporarily_unavailable: 503,
  // Of the administrators' API.
  not_found: 404,
  confirmation_required: 409,
} as const

export type ErrorCode = keyof typeof statuses

/**
 * A refusal with two texts: `description` is sent to the client's developer and never echoes what was received;
 * `reason` goes to the log only.
 */
export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  /** Whoever runs the server must look at this: the log says it loudly. */
  readonly isAlarm: boolean = false
  /** Whose request it was, where one is registered by that id: for the log. */
  clientId: string | undefined
  readonly code: ErrorCode
  readonly description: string
  readonly reason: string
  readonly status: number

  constructor(code: ErrorCode, description: string, reason = description) {
    super(`${code}: ${reason}`)
    this.code = code
    this.description = description
    this.reason = reason
    this.status = statuses[code]
  }
}

/** Whatever is refused in `act` is refused to this client. */
export const refusedTo = async <T>(
  { client_id }: { readonly client_id: string },
  act: () => Promise<T>,
): Promise<T> => {
  try {
    return await act()
  } catch (error) {
    if (error instanceof OAuthError) error.clientId ??= client_id
    throw error
  }
}

/** What an `error_description` may hold, RFC 6749 §4.1.2.1, §5.2, RFC 6750 §3: %x20-21 / %x23-5B / %x5D-7E. */
export const printable = (text: string): string =>
  text
    .replaceAll('§', 'section ')
    .replaceAll('…', '...')
    .replaceAll('"', "'")
    .replace(/[^\x20-\x21\x23-\x5B\x5D-\x7E]/g, '?')

/** What an answer needs was slow or away, mostly the database: 503 with Retry-After, never `invalid_grant`. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
  readonly retryAfterSeconds: number

  constructor(cause: unknown, retryAfterSeconds = 2, what = 'the database is slow or away') {
    super(what, { cause })
    this.retryAfterSeconds = retryAfterSeconds
  }
}

export const invalidRequest = (description: string, reason?: string) =>
  new OAuthError('invalid_request', description, reason)
export const invalidScope = (description: string, reason?: string) =>
  new OAuthError('invalid_scope', description, reason)
export const invalidTarget = (description: string, reason?: string) =>
  new OAuthError('invalid_target', description, reason)
export const invalidToken = (description: string, reason?: string) =>
  new OAuthError('invalid_token', description, reason)
export const unauthorizedClient = (description: string, reason?: string) =>
  new OAuthError('unauthorized_client', description, reason)

/** RFC 6749 §5.2: the client learns that its grant is not good, and not why; the log does. */
const unhelpful = 'The grant is unknown, expired, revoked or was issued to somebody else.'

/** @property familyId whom the page behind `error_uri` is about: only where the presenter proved to be the right one */
export class InvalidGrant extends OAuthError {
  readonly familyId: string | undefined

  constructor(reason: string, familyId?: string) {
    super('invalid_grant', unhelpful, reason)
    this.familyId = familyId
  }
}
export const invalidGrant = (reason: string, familyId?: string) => new InvalidGrant(reason, familyId)

/** Refused like any other, but it says that something is wrong with this server's data. */
export class AlarmingGrant extends InvalidGrant {
  override readonly isAlarm = true
}

export const invalidClient = (reason: string) =>
  new OAuthError('invalid_client', 'Client authentication failed.', reason)
