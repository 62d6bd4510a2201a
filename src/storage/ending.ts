import type { SessionEnd } from '../identity/stores.ts'
import type { FamilyEnd } from '../oauth/tokens/family-end.ts'
import type { Prisma } from './prisma/client.ts'

/** What an act ends. */
export type Selection = {
  readonly sessions?: Prisma.SessionWhereInput
  readonly codes: Prisma.AuthorizationCodeWhereInput
  readonly families: Prisma.TokenFamilyWhereInput
}

/** @property tokensExpireAt the latest expiry of any access token of the families that ended */
export type Marked = {
  readonly sessions: number
  readonly families: number
  readonly codes: number
  readonly tokensExpireAt: Date | undefined
}

/** For acts that mark the logins of a whole client, or of everybody: row by row, some ten thousand in a second. */
export const patienceForMany = 900_000

/** Why a family ended, where its session ended. */
const familyEndOf = (reason: SessionEnd | FamilyEnd): FamilyEnd => (reason === 'replaced' ? 'logged_out' : reason)

/**
 * Marks everything that is chosen, for good. Sessions come first, and codes before families: whoever spends a code holds
 * its session and its row, so either its family is seen here, or it sees that its session has ended.
 */
export const mark = async (
  tx: Prisma.TransactionClient,
  { sessions, codes, families }: Selection,
  reason: SessionEnd | FamilyEnd,
  now: Date,
): Promise<Marked> => {
  const ended = sessions
    ? await tx.session.updateMany({
        where: { AND: [sessions, { endedAt: null }] },
        data: { endedAt: now, endReason: reason },
      })
    : { count: 0 }
  const revoked = await tx.authorizationCode.updateMany({
    where: { AND: [codes, { revokedAt: null, spentAt: null }] },
    data: { revokedAt: now },
  })
  const { count } = await tx.tokenFamily.updateMany({
    where: { AND: [families, { revokedAt: null }] },
    data: { revokedAt: now, revokeReason: familyEndOf(reason) },
  })
  const { _max } = await tx.tokenFamily.aggregate({
    where: { AND: [families, { revokedAt: now }] },
    _max: { tokensExpireAt: true },
  })
  return {
    sessions: ended.count,
    codes: revoked.count,
    families: count,
    tokensExpireAt: _max.tokensExpireAt ?? undefined,
  }
}

export type MarkedFamily = { readonly id: string; readonly clientId: string; readonly tokensExpireAt: Date }

/** The families that an act of this instant marked, where each is told by itself. */
export const markedFamilies = async (
  tx: Prisma.TransactionClient,
  families: Prisma.TokenFamilyWhereInput,
  now: Date,
): Promise<readonly MarkedFamily[]> =>
  tx.tokenFamily.findMany({
    where: { AND: [families, { revokedAt: now }] },
    select: { id: true, clientId: true, tokensExpireAt: true },
    orderBy: { id: 'asc' },
  })

/** What `mark` would mark now. */
export const markable = async (
  tx: Prisma.TransactionClient,
  { sessions, codes, families }: Selection,
  now: Date,
): Promise<Omit<Marked, 'tokensExpireAt'>> => {
  const alive = { idleExpiresAt: { gt: now }, absoluteExpiresAt: { gt: now } }
  const pending = { revokedAt: null, spentAt: null, expiresAt: { gt: now } }
  return {
    sessions: sessions ? await tx.session.count({ where: { AND: [sessions, { endedAt: null, ...alive }] } }) : 0,
    codes: await tx.authorizationCode.count({ where: { AND: [codes, pending] } }),
    families: await tx.tokenFamily.count({ where: { AND: [families, { revokedAt: null, ...alive }] } }),
  }
}
