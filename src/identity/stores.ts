import type { Actor } from './ending.ts'

/** What people's side asks of storage. Each method is one atomic act. */

export type User = {
  readonly id: string
  readonly username: string
  readonly passwordHash: string | undefined
  /** OIDC Core §5.1 standard claims. */
  readonly claims: Readonly<Record<string, unknown>>
  readonly admin: boolean
  readonly notBefore: Date | undefined
  readonly disabledAt: Date | undefined
  readonly createdAt: Date
  /** Somebody else may know the password: nobody is logged in until another one is chosen. */
  readonly mustChoosePassword: boolean
}

export type Session = {
  /** The `sid` claim. */
  readonly id: string
  readonly userId: string
  readonly authenticatedAt: Date
  readonly amr: readonly string[]
  readonly acr: string
  readonly createdAt: Date
  readonly lastUsedAt: Date
  readonly idleExpiresAt: Date
  readonly absoluteExpiresAt: Date
  readonly ip: string | undefined
  readonly userAgent: string | undefined
}

/** A session that is alive, with its person. */
export type SignedIn = { readonly session: Session; readonly user: User }

export type SessionEnd =
  | 'logged_out'
  | 'revoked_by_user'
  | 'revoked_by_admin'
  | 'password_changed'
  | 'user_disabled'
  | 'session_evicted'
  | 'not_me'
  | 'replaced'

/** How many sessions a person may have at once, and what becomes of one more. */
export type SessionLimit = { readonly most: number; readonly policy: 'evict-oldest' | 'refuse' }

/**
 * `overtaken`: the account was closed, or its password changed or has to be changed, since the password was looked at.
 * `full`: there are as many sessions as may be.
 */
export type Created = 'created' | 'overtaken' | 'full'

export type UserStore = {
  find(id: string): Promise<User | undefined>
  findByUsername(usernameKey: string): Promise<User | undefined>
  create(user: NewUser): Promise<User>
  list(page: { readonly after?: string | undefined; readonly limit: number }): Promise<readonly User[]>
  /** What is told of the person from now on, with one event that names the claims and not what they say. Ends nothing. */
  changeClaims(id: string, change: ClaimChange, now: Date): Promise<User>
  /** Ends every session, family and pending code of the person in the same transaction. */
  disable(id: string, now: Date): Promise<boolean>
  enable(id: string): Promise<boolean>
  /** Ends the same, with one event. */
  setPassword(id: string, passwordHash: string, now: Date, change?: PasswordChange): Promise<boolean>
}

/**
 * @property spare a session that does not end
 * @property by an operator where nobody is named
 * @property proved what was proved of the person before: when it is so no longer, nothing happens, and it is false
 */
export type PasswordChange = {
  readonly spare?: string
  readonly proved?: Pick<User, 'passwordHash' | 'mustChoosePassword'>
  readonly by?: Actor
}
export type ClaimChange = { readonly set: Readonly<Record<string, unknown>>; readonly remove: readonly string[] }
export type NewUser = {
  readonly id: string
  readonly username: string
  readonly usernameKey: string
  readonly passwordHash: string | undefined
  readonly claims: Readonly<Record<string, unknown>>
  readonly admin: boolean
  readonly createdAt: Date
}

export type SessionStore = {
  /** A session that is neither ended nor expired, of a person who is not disabled. */
  find(tokenHash: Buffer, now: Date): Promise<SignedIn | undefined>
  /** Whether the session of this cookie is over by no act of its own browser, which got another cookie by that, or none. */
  endedElsewhere(tokenHash: Buffer): Promise<boolean>
  /**
   * Starts a session; the login's counters named in `forgive` take one attempt back in the same act, whatever comes of it.
   * With a limit, the person's logins are taken one after another, and the sessions that began first end as by `end`.
   */
  create(session: Session, tokenHash: Buffer, forgive: readonly Buffer[], limit?: SessionLimit): Promise<Created>
  /**
   * New authority in the same session: a new cookie, a new instant. False when the session has ended; the attempts are
   * taken back all the same.
   */
  renew(
    id: string,
    tokenHash: Buffer,
    session: Pick<Session, 'authenticatedAt' | 'amr' | 'acr' | 'idleExpiresAt'>,
    forgive: readonly Buffer[],
  ): Promise<boolean>
  touch(id: string, now: Date, idleExpiresAt: Date): Promise<void>
  /** Ends the session, its families without offline_access, and its pending codes, in one transaction. */
  end(id: string, reason: SessionEnd, now: Date): Promise<boolean>
  list(filter: { readonly userId?: string | undefined; readonly limit: number }, now: Date): Promise<readonly Session[]>
}

/** @property attempts how many do not overflow it; without end when absent */
export type Bucket = { readonly key: Buffer; readonly windowSeconds: number; readonly attempts?: number }

/** A login's counters are raised before its password is looked at, so that parallel guesses cannot pass. */
export type LoginStore = {
  /**
   * Counts one attempt in each bucket and finds the person, in one statement.
   * @param rounds at most three, each counted only when no bucket of those before it has overflowed. The keys of a
   *   round are greater than those before: rows are locked in the order of their keys, here and by whoever forgives
   * @returns each bucket that was counted as it stands now, in the order given
   */
  attempt(
    usernameKey: string,
    rounds: readonly (readonly Bucket[])[],
    now: Date,
  ): Promise<{
    readonly user: User | undefined
    readonly counted: readonly { readonly points: number; readonly expiresAt: Date }[]
  }>
  /** Takes one attempt back in each bucket, where no session does it. */
  forgive(keys: readonly Buffer[]): Promise<void>
  /**
   * The same password under a new hash, which ends nothing.
   * @returns false when the hash is no longer `from`: a new password was set meanwhile, and stays
   */
  rehash(userId: string, from: string, to: string): Promise<boolean>
}

/** The link that makes somebody an administrator, spent by its first use. */
export type AdminLinkStore = {
  create(hash: Buffer, createdAt: Date, expiresAt: Date): Promise<void>
  isOpen(hash: Buffer, now: Date): Promise<boolean>
  /** Creates the administrator and spends the link in one transaction; false when the link was spent or is unknown. */
  spend(hash: Buffer, administrator: NewUser, now: Date): Promise<boolean>
  hasAdministrator(): Promise<boolean>
}
