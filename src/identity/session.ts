import { createHash } from 'node:crypto'
import { earlier, later } from '../clock.ts'
import { type Random, secret } from '../random.ts'
import type { Session, SessionLimit } from './stores.ts'

/** All in seconds. */
export type SessionPolicy = {
  /** Sliding: unused for so long, it is over. */
  readonly idle: number
  /** Fixed, from the first login in it. */
  readonly absolute: number
  /** Its last use is written down no more often than this. */
  readonly touchEvery: number
  /** How many at once, of one person; without it as many as are wanted. */
  readonly limit?: SessionLimit | undefined
}

export const defaultSession: SessionPolicy = { idle: 86_400, absolute: 7 * 86_400, touchEvery: 60 }

/** A session with the value of its cookie, which nobody stores, and the hash by which it is found. */
export type SessionCookie = { readonly token: string; readonly tokenHash: Buffer }

const prefix = 'tss_'
const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()

const newCookie = (random: Random): SessionCookie => {
  const token = secret(random, prefix)
  return { token, tokenHash: hashOf(token) }
}

/** @returns undefined for what is no session cookie: the database need not be asked */
export const sessionHash = (token: string | undefined): Buffer | undefined =>
  token !== undefined && /^tss_[\w-]{43}$/.test(token) ? hashOf(token) : undefined

export const newSession = (
  login: Pick<Session, 'userId' | 'amr' | 'acr' | 'ip' | 'userAgent'>,
  policy: SessionPolicy,
  random: Random,
  now: Date,
): SessionCookie & { readonly session: Session } => {
  const absoluteExpiresAt = later(now, policy.absolute)
  const session = {
    ...login,
    id: random.uuid(),
    authenticatedAt: now,
    createdAt: now,
    lastUsedAt: now,
    idleExpiresAt: earlier(later(now, policy.idle), absoluteExpiresAt),
    absoluteExpiresAt,
  }
  return { ...newCookie(random), session }
}

/** The same person logged in again in the same session: a new cookie at each change of authority (ASVS 7.2.4). */
export const renewedSession = (
  session: Session,
  login: Pick<Session, 'amr' | 'acr'>,
  policy: SessionPolicy,
  random: Random,
  now: Date,
): SessionCookie & { readonly session: Pick<Session, 'authenticatedAt' | 'amr' | 'acr' | 'idleExpiresAt'> } => ({
  ...newCookie(random),
  session: { ...login, authenticatedAt: now, idleExpiresAt: slidTo(session, policy, now) },
})

type Expiries = Pick<Session, 'idleExpiresAt' | 'absoluteExpiresAt'>

const slidTo = ({ absoluteExpiresAt }: Expiries, policy: SessionPolicy, now: Date): Date =>
  earlier(later(now, policy.idle), absoluteExpiresAt)

/** The new idle expiry to write down, or undefined while the one that is written is fresh enough. */
export const touched = (session: Expiries, policy: SessionPolicy, now: Date): Date | undefined => {
  const slid = slidTo(session, policy, now)
  return slid.getTime() - session.idleExpiresAt.getTime() >= policy.touchEvery * 1000 ? slid : undefined
}
