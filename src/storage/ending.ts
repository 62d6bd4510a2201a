import type { Ended } from '../identity/ending.ts'
import type { SessionEnd } from '../identity/stores.ts'
import type { FamilyEnd } from '../oauth/tokens/family-end.ts'
import type { Prisma } from './prisma/client.ts'

/** What an act ends. */
export type Selection = {
  readonly sessions?: Prisma.SessionWhereInput
  readonly codes: Prisma.AuthorizationCodeWhereInput
  readonly families: Prisma.TokenFamilyWhereInput
}

/**
 * @property anything whether there was anything to mark, alive or not
 * @property tokensExpireAt the latest expiry of any access token of the families that were marked
 */
export type Marked = Ended & { readonly anything: boolean; readonly tokensExpireAt: Date | undefined }

const livingLogin = (now: Date) => ({ idleExpiresAt: { gt: now }, absoluteExpiresAt: { gt: now } })
const livingCode = (now: Date) => ({ expiresAt: { gt: now } })

/** For acts that mark the logins of a whole client, or of everybody: row by row, some ten thousand in a second. */
export const patienceForMany = 900_000

/** Why a family ended, where its session ended. */
const familyEndOf = (reason: SessionEnd | FamilyEnd): FamilyEnd => (reason === 'replaced' ? 'logged_out' : reason)

/**
 * Marks everything that is chosen, for good, and counts what was alive. What had run out is marked as well: its access
 * tokens may be good still, and another server's clock may be behind. Sessions come first, and codes before families:
 * whoever spends a code holds its session and its row, so either its family is seen here, or it sees that its session has
 * ended.
 */
export const mark = async (
  tx: Prisma.TransactionClient,
  { sessions, codes, families }: Selection,
  reason: SessionEnd | FamilyEnd,
  now: Date,
): Promise<Marked> => {
  const endSessions = async (those: Prisma.SessionWhereInput) =>
    tx.session.updateMany({
      where: { AND: [those, { endedAt: null }] },
      data: { endedAt: now, endReason: reason },
    })
  const revokeCodes = async (those: Prisma.AuthorizationCodeWhereInput) =>
    tx.authorizationCode.updateMany({
      where: { AND: [codes, those, { revokedAt: null, spentAt: null }] },
      data: { revokedAt: now },
    })
  const revokeFamilies = async (those: Prisma.TokenFamilyWhereInput) =>
    tx.tokenFamily.updateMany({
      where: { AND: [families, those, { revokedAt: null }] },
      data: { revokedAt: now, revokeReason: familyEndOf(reason) },
    })
  const [living, pending] = [livingLogin(now), livingCode(now)]
  const ended = sessions ? await endSessions({ AND: [sessions, living] }) : { count: 0 }
  const lapsed = sessions ? await endSessions(sessions) : { count: 0 }
  const revoked = await revokeCodes(pending)
  const expired = await revokeCodes({})
  const died = await revokeFamilies(living)
  const over = await revokeFamilies({})
  const { _max } = await tx.tokenFamily.aggregate({
    where: { AND: [families, { revokedAt: now }] },
    _max: { tokensExpireAt: true },
  })
  return {
    sessions: ended.count,
    codes: revoked.count,
    families: died.count,
    anything: [ended, lapsed, revoked, expired, died, over].some(({ count }) => count > 0),
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

/** What `mark` would count now. */
export const markable = async (
  tx: Prisma.TransactionClient,
  { sessions, codes, families }: Selection,
  now: Date,
): Promise<Ended> => {
  const [living, pending] = [livingLogin(now), livingCode(now)]
  return {
    sessions: sessions ? await tx.session.count({ where: { AND: [sessions, living, { endedAt: null }] } }) : 0,
    codes: await tx.authorizationCode.count({ where: { AND: [codes, pending, { revokedAt: null, spentAt: null }] } }),
    families: await tx.tokenFamily.count({ where: { AND: [families, living, { revokedAt: null }] } }),
  }
}
