import type { Created, Session, SessionLimit } from '../identity/stores.ts'
import type { Database } from './database.ts'
import { forgiven } from './logins.ts'
import type { Prisma } from './prisma/client.ts'
import { enter, type NewRevocation } from './revocations.ts'
import { markedWith } from './session-end.ts'

/** Of a person in whose name a session may begin, whose password was right at that instant. */
export const mayBegin = (authenticatedAt: string): string =>
  `disabled_at IS NULL AND NOT must_choose_password AND (password_set_at IS NULL OR password_set_at <= ${authenticatedAt})`

const lockPerson = `SELECT id FROM users WHERE id = $1::uuid AND ${mayBegin('$2')} FOR NO KEY UPDATE`
const forgive = `WITH ${forgiven} SELECT`

type Tx = Prisma.TransactionClient

/** Evicts a session, as if its person had logged out there. @returns what the feed has to be told */
const evict = async (tx: Tx, { id, userId }: Pick<Session, 'id' | 'userId'>, by: Session) => {
  const now = by.createdAt
  const data = { endedAt: now, endReason: 'session_evicted' }
  const { count } = await tx.session.updateMany({ where: { id, endedAt: null }, data })
  // Somebody else ended it meanwhile.
  if (count === 0) return []
  const { marked, told } = await markedWith(tx, id, 'session_evicted', now)
  const origin = { ip: by.ip ?? null, userAgent: by.userAgent ?? null }
  const ended = { sessions: 1, families: marked.families, codes: marked.codes }
  const detail = { target: 'session', reason: 'session_evicted', for: by.id, ...ended }
  await tx.event.create({ data: { at: now, kind: 'revoked', userId, sessionId: id, ...origin, detail } })
  return told
}

/** The logins of one person wait for one another at the person's row: what each counts is what there is. */
export const createWithin = (
  database: Database,
  { most, policy }: SessionLimit,
  session: Session,
  tokenHash: Buffer,
  counters: readonly Buffer[],
): Promise<Created> =>
  database.transaction(async (tx) => {
    await tx.$executeRawUnsafe(forgive, counters)
    const { userId, createdAt: now, ip, userAgent, amr, ...rest } = session
    const people = await tx.$queryRawUnsafe<readonly object[]>(lockPerson, userId, session.authenticatedAt)
    if (people.length === 0) return 'overtaken'
    const alive = await tx.session.findMany({
      where: { userId, endedAt: null, idleExpiresAt: { gt: now }, absoluteExpiresAt: { gt: now } },
      select: { id: true, userId: true },
      orderBy: [{ createdAt: 'asc' }, { id: 'asc' }],
    })
    const tooMany = Math.max(0, alive.length + 1 - most)
    if (tooMany > 0 && policy === 'refuse') return 'full'
    const told: NewRevocation[] = []
    for (const oldest of alive.slice(0, tooMany)) told.push(...(await evict(tx, oldest, session)))
    await tx.session.create({
      data: {
        ...rest,
        tokenHash: Uint8Array.from(tokenHash),
        userId,
        createdAt: now,
        amr: [...amr],
        ip: ip ?? null,
        userAgent: userAgent ?? null,
      },
    })
    await enter(tx, told, now)
    return 'created'
  })
