/** RFC 6750 §3.1, RFC 9449 §7.1, RFC 9470 §3; 503 is of this side and says nothing about the token. */
const answers = {
  missing: { status: 401, error: undefined, description: 'An access token is required' },
  invalid_request: {
    status: 400,
    error: 'invalid_request',
    description: 'The access token must be sent once, in the Authorization header field',
  },
  invalid_token: {
    status: 401,
    error: 'invalid_token',
    description: 'The access token is expired, revoked, malformed, or invalid for other reasons',
  },
  insufficient_scope: {
    status: 403,
    error: 'insufficient_scope',
    description: 'The request requires higher privileges than provided by the access token',
  },
  insufficient_user_authentication: {
    status: 401,
    error: 'insufficient_user_authentication',
    description: 'A more recent or a stronger authentication is required',
  },
  invalid_dpop_proof: {
    status: 401,
    error: 'invalid_dpop_proof',
    description: 'The DPoP proof is missing, malformed, for another request, too old, or was used before',
  },
  use_dpop_nonce: {
    status: 401,
    error: 'use_dpop_nonce',
    description: 'The DPoP proof must hold the nonce of the DPoP-Nonce header field',
  },
  unavailable: {
    status: 503,
    error: 'temporarily_unavailable',
    description: 'The access token cannot be verified at the moment',
  },
} as const

export type Answer = keyof typeof answers

export type Scheme = 'Bearer' | 'DPoP'

/** Of DPoP proofs. Not RS256: who makes a key for it chooses anew. `Ed25519` is EdDSA (RFC 9864). */
export const proofAlgorithms = ['ES256', 'PS256', 'EdDSA', 'Ed25519'] as const

/** Which rule refused, for whoever counts or filters. */
export type Rule =
  | 'missing'
  | 'request'
  | 'malformed'
  | 'typ'
  | 'alg'
  | 'crit'
  | 'kid'
  | 'signature'
  | 'iss'
  | 'aud'
  | 'exp'
  | 'iat'
  | 'nbf'
  | 'claims'
  | 'cnf'
  | 'certificate'
  | 'proof'
  | 'proof_replayed'
  | 'nonce'
  | 'revoked'
  | 'inactive'
  | 'scope'
  | 'acr'
  | 'max_age'
  | 'issuer_unavailable'
  | 'feed_stale'

/** What the challenge tells the client beside the error. */
export type Demand = { readonly scope?: readonly string[]; readonly acr?: readonly string[]; readonly maxAge?: number }

/** A rule that was broken, before it is known how the API presents itself. */
export class Broken extends Error {
  override readonly name = 'Broken'
  readonly answer: Answer
  readonly rule: Rule
  readonly headers: Readonly<Record<string, string>>
  /** @param reason for the developer of the API: what was received, what was expected, what to do */
  constructor(answer: Answer, rule: Rule, reason: string, headers: Readonly<Record<string, string>> = {}) {
    super(reason)
    this.answer = answer
    this.rule = rule
    this.headers = headers
  }
}

/** How the API presents itself. */
export type Presentation = { readonly realm: string; readonly demand: Demand; readonly schemes: readonly Scheme[] }

/**
 * A request that may not pass. `message` and `headers` are for the client; `reason` is for the developer of the API and
 * holds no token. Fastify, Express and Koa answer rightly even when nobody catches it: they read `status`,
 * `statusCode`, `headers` and `expose`.
 */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused'
  readonly rule: Rule
  readonly reason: string
  readonly status: 400 | 401 | 403 | 503
  readonly statusCode: 400 | 401 | 403 | 503
  readonly error: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly expose = true
  /** JSON; empty where RFC 6750 §3.1 wants nothing said because no token came. */
  readonly body: string

  constructor({ answer, rule, message: reason, headers }: Broken, presentation: Presentation) {
    const { status, error, description } = answers[answer]
    super(description)
    this.rule = rule
    this.reason = reason
    this.status = status
    this.statusCode = status
    this.error = error
    this.body = error === undefined ? '' : JSON.stringify({ error, error_description: description })
    this.headers = {
      ...headers,
      'cache-control': 'no-store',
      ...(error !== undefined && { 'content-type': 'application/json' }),
      ...(status === 503 ? { 'retry-after': '5' } : { 'www-authenticate': challengeOf(answer, presentation) }),
    }
  }

  /** For the Fetch API. */
  response(): Response {
    return new Response(this.body === '' ? null : this.body, { status: this.status, headers: { ...this.headers } })
  }
}

/** RFC 6750 §3: at least one parameter follows the scheme, so a realm is always there. */
const challengeOf = (answer: Answer, { realm, demand, schemes }: Presentation): string => {
  const { scope, acr, maxAge } = demand
  const { error, description } = answers[answer]
  const parameters: Record<string, string | undefined> = {
    realm,
    error,
    error_description: error && description,
    scope: (answer === 'missing' || answer === 'insufficient_scope') && scope?.length ? scope.join(' ') : undefined,
    ...(answer === 'insufficient_user_authentication' && {
      acr_values: acr?.join(' '),
      max_age: maxAge === undefined ? undefined : String(maxAge),
    }),
  }
  const written = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}="${value}"`,
  )
  // RFC 9449 §7.1
  const algs = `algs="${proofAlgorithms.join(' ')}"`
  return schemes
    .map((scheme) => `${scheme} ${[...written, ...(scheme === 'DPoP' ? [algs] : [])].join(', ')}`)
    .join(', ')
}

/** What came from outside, fit for a line in a log: quoted, and cut. */
export const quoted = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 120 ? `${text.slice(0, 120)}…` : text
}
