import type { RequestedClaims } from './claims.ts'
import type { Client } from './client.ts'
import type { FamilyEnd } from './tokens/family-end.ts'

/**
 * What the protocol asks of storage. Each method is one atomic act; no transaction is passed around, and an act that
 * could not reach the database throws `Unavailable` (src/oauth/errors.ts), never an answer.
 */
export type ClientStore = {
  /** From memory when it is there; a change anywhere empties it (LISTEN/NOTIFY). */
  find(clientId: string): Promise<Client | undefined>
}

/** What a person granted to a client: everything that the tokens of one family say. */
export type Grant = {
  readonly userId: string
  readonly sessionId: string
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  readonly nonce: string | undefined
  readonly authTime: Date
  readonly acr: string
  readonly amr: readonly string[]
  /** The `claims` parameter, OIDC Core §5.5; `{}` when there was none. */
  readonly claims: RequestedClaims
  /** RFC 9449 §10: the key that alone redeems the code. */
  readonly dpopJkt: string | undefined
}

export type AuthorizationCode = {
  readonly hash: Buffer
  readonly clientId: string
  readonly grant: Grant
  readonly redirectUri: string
  readonly codeChallenge: string | undefined
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly keptUntil: Date
  readonly spentAt: Date | undefined
  readonly revokedAt: Date | undefined
  readonly familyId: string | undefined
}

/** The pair that is alive: enough to mint it again, claim for claim. */
export type LivePair = {
  readonly generation: number
  readonly issuedAt: Date
  readonly expiresAt: Date
  readonly scope: readonly string[]
  readonly audience: readonly string[]
  readonly jkt: string | undefined
  readonly signingKid: string
  readonly refreshKeyId: string
}

export type Family = {
  readonly id: string
  readonly clientId: string
  readonly userId: string
  readonly sessionId: string
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  readonly offline: boolean
  readonly refreshable: boolean
  readonly jkt: string | undefined
  readonly cookieBound: boolean
  readonly claims: RequestedClaims
  readonly authTime: Date
  readonly acr: string
  readonly amr: readonly string[]
  readonly live: LivePair
  /** The latest of any access token it ever issued: so long its end must be told. */
  readonly tokensExpireAt: Date
  readonly retries: number
  readonly idleExpiresAt: Date
  readonly absoluteExpiresAt: Date
  readonly createdAt: Date
  readonly lastUsedAt: Date
  readonly ip: string | undefined
  readonly userAgent: string | undefined
  readonly revokedAt: Date | undefined
  readonly revokeReason: string | undefined
}

/** What the tokens of a family say of it, or are bounded by. */
export type HonouredFamily = Pick<
  Family,
  | 'id'
  | 'clientId'
  | 'userId'
  | 'sessionId'
  | 'refreshable'
  | 'cookieBound'
  | 'claims'
  | 'authTime'
  | 'acr'
  | 'amr'
  | 'live'
  | 'idleExpiresAt'
  | 'absoluteExpiresAt'
>

/** Who asked, for the ledger and for the person to see. */
export type Origin = { readonly ip: string | undefined; readonly userAgent: string | undefined }

/** When the pair counts as issued, and when the session ends that the family hangs on. */
export type Bought = {
  readonly issuedAt: Date
  readonly session: { readonly idleExpiresAt: Date; readonly absoluteExpiresAt: Date }
}

export type CodeStore = {
  /**
   * For a person who is asked nothing: no interaction was ever stored.
   * @param pushed the hash of the pushed request that is spent with it
   * @returns false when that was spent before: then nothing happened
   */
  issue(code: AuthorizationCode, pushed?: Buffer): Promise<boolean>
  find(hash: Buffer): Promise<AuthorizationCode | undefined>
  /**
   * RFC 6749 §4.1.2: marks the code spent and inserts its family and the ledger's first row, in one statement. The pair
   * is stamped no earlier than any act on its person, its client or everybody allows.
   * @returns undefined when somebody was first, or the code, its session, its person or its client was revoked: then
   *   nothing happened
   */
  spend(hash: Buffer, family: Family, now: Date, origin: Origin): Promise<Bought | undefined>
}

export type Advance = {
  readonly familyId: string
  readonly clientId: string
  /** The presented generation; the statement succeeds only while it is the live one. */
  readonly generation: number
  /** What the next pair will be; its generation is `generation + 1`. */
  readonly next: Omit<LivePair, 'scope' | 'audience'>
  readonly jkt: string | undefined
  readonly cookieBound: boolean
  /** Must be within the family's scope; undefined asks for all of it that is registered. It becomes `live.scope`. */
  readonly scope: readonly string[] | undefined
  /**
   * Must be within the family's resources; undefined asks for the first of them, or for `issuer` where there is none.
   * It becomes `live.audience`.
   */
  readonly resources: readonly string[] | undefined
  /** What the client is registered for now: the family is honoured within it, and no wider. */
  readonly registered: { readonly scope: readonly string[]; readonly resources: readonly string[] }
  readonly issuer: string
  readonly earlyRefresh: Client['early_refresh']
  /** Beside what the statement itself sees. */
  readonly observed: readonly Observation[]
  /** Seconds; the new idle expiry never passes the absolute one. */
  readonly idleLifetime: number
  readonly now: Date
  readonly origin: Origin
}

/** What stops no refresh, and is worth an event. */
export type Observation = {
  readonly kind: 'pair_mismatch' | 'retried_elsewhere'
  readonly detail: Readonly<Record<string, number | string>>
}

export type FamilyStore = {
  find(id: string): Promise<Family | undefined>
  /**
   * The compare-and-set, with the ledger row in the same statement. Its predicates are the generation, the client, the
   * sender constraint, scope and resources, the standing of user and session, the expiries, and `early_refresh: revoke`.
   * @returns the family as it now stands, or undefined when nothing was advanced
   */
  advance(request: Advance): Promise<HonouredFamily | undefined>
  /** Counts a retry that was answered with the live pair. Changes no lifetime. */
  countRetry(id: string, now: Date, origin: Origin, observed: readonly Observation[]): Promise<void>
  /** Under `rotation: reuse`: slides the idle expiry, the generation stands still. Undefined when not honoured. */
  touch(request: Advance): Promise<Family | undefined>
  /**
   * Ends a family for good with everything it bought: one event, one entry of the feed, and one notice where the end points
   * to a theft, in one statement, however often it is called.
   * @param detail for the event: what was presented. Never a token
   * @returns whether it was this call
   */
  revoke(
    id: string,
    reason: FamilyEnd,
    now: Date,
    origin: Origin,
    detail?: Readonly<Record<string, number | string>>,
  ): Promise<boolean>
}

/** What introspection and userinfo ask about a family, in one statement. */
export type Standing = {
  readonly family: Pick<Family, 'userId' | 'claims' | 'offline' | 'revokedAt' | 'revokeReason'>
  readonly userDisabled: boolean
  readonly sessionEnded: boolean
  readonly tokenRevoked: boolean
  readonly username: string
  readonly userClaims: Readonly<Record<string, unknown>>
}

export type TokenStore = {
  standing(familyId: string, jti: string): Promise<Standing | undefined>
  /** An access token that has no family, revoked alone. */
  isRevoked(jti: string): Promise<boolean>
  revoke(jti: string, expiresAt: Date, now: Date): Promise<void>
}

/** RFC 7523 §3: `jti` values that were used. */
export type ReplayStore = {
  /** @returns false when it was seen before and had not expired */
  first(hash: Buffer, expiresAt: Date, now: Date): Promise<boolean>
}

export type Consent = {
  readonly scope: readonly string[]
  readonly resources: readonly string[]
  readonly grantedAt: Date
}

/** Who is at the browser: what the protocol needs to know of a session that is alive. */
export type Person = {
  readonly userId: string
  readonly username: string
  readonly sessionId: string
  readonly authenticatedAt: Date
  readonly acr: string
  readonly amr: readonly string[]
  readonly idleExpiresAt: Date
  readonly absoluteExpiresAt: Date
}
