import { later, stopwatch } from '../clock.ts'
import type { EndingStore, EndReason, Target } from '../identity/ending.ts'
import { longestToken } from '../oauth/client.ts'
import { notBeforeOf } from '../oauth/revocations/entry.ts'
import { recordAct } from './acts.ts'
import { announce } from './changes.ts'
import { lockClient } from './client-lock.ts'
import type { Database } from './database.ts'
import { type Marked, mark, markable, markedFamilies, patienceForMany, type Selection } from './ending.ts'
import type { Prisma } from './prisma/client.ts'
import { enter, type NewRevocation } from './revocations.ts'
import { isDeadlock } from './unavailable.ts'
import { familyEntries, sessionEntries, userEntries } from './user-entries.ts'

type Tx = Prisma.TransactionClient

export const selectionOf = (target: Target): Selection => {
  switch (target.of) {
    case 'family':
      return { codes: { hash: { in: [] } }, families: { id: target.id } }
    case 'session':
      return { sessions: { id: target.id }, codes: { sessionId: target.id }, families: { sessionId: target.id } }
    case 'user': {
      const userId = target.id
      const spared = target.sparedSessionId
      if (spared === undefined) return { sessions: { userId }, codes: { userId }, families: { userId } }
      const others = { userId, NOT: { sessionId: spared } }
      return { sessions: { userId, NOT: { id: spared } }, codes: others, families: others }
    }
    case 'app': {
      const of = { userId: target.userId, clientId: target.clientId }
      return { codes: of, families: of }
    }
    case 'client':
      return { codes: { clientId: target.id }, families: { clientId: target.id } }
    case 'all':
      return { sessions: {}, codes: {}, families: {} }
  }
}

/** Whom the target's tokens belong to; undefined when there is no such thing. */
const subjectOf = async (tx: Tx, target: Target): Promise<{ userId?: string; clientId?: string } | undefined> => {
  switch (target.of) {
    case 'family': {
      const family = await tx.tokenFamily.findUnique({ where: { id: target.id } })
      return family ? { userId: family.userId, clientId: family.clientId } : undefined
    }
    case 'session': {
      const session = await tx.session.findUnique({ where: { id: target.id } })
      return session ? { userId: session.userId } : undefined
    }
    case 'user': {
      // Locked before its sessions, as by whoever starts one or sets a password.
      const people = await tx.$queryRaw<readonly object[]>`
        SELECT id FROM users WHERE id = ${target.id}::uuid FOR NO KEY UPDATE`
      if (people.length === 0) return undefined
      // A session that has ended spares nothing: its tokens would come alive again at whoever reads the feed.
      const spared = target.sparedSessionId
      const isAlive = { id: spared ?? '', userId: target.id, endedAt: null }
      if (spared !== undefined && (await tx.session.count({ where: isAlive })) === 0) return undefined
      return { userId: target.id }
    }
    case 'client':
      return (await lockClient(tx, target.id)) ? { clientId: target.id } : undefined
    case 'app':
      return { userId: target.userId, clientId: target.clientId }
    case 'all':
      await tx.$queryRaw`SELECT id FROM clients ORDER BY id FOR NO KEY UPDATE`
      return {}
  }
}

/**
 * What is issued from here on is stamped no earlier, wherever it is issued. After the marks: the counter is the last row
 * that any act locks.
 */
const stamp = async (tx: Tx, target: Target, reason: EndReason, notBefore: Date): Promise<void> => {
  if (target.of === 'user') {
    const distrusted = reason === 'not_me' ? { mustChoosePassword: true } : {}
    await tx.user.update({ where: { id: target.id }, data: { notBefore, ...distrusted } })
  }
  if (target.of === 'client') {
    await tx.client.update({ where: { id: target.id }, data: { notBefore } })
    await announce(tx, { of: 'client', id: target.id })
  }
  if (target.of === 'all') {
    await tx.client.updateMany({ data: { notBefore } })
    await announce(tx, { of: 'clients' })
    await tx.revocationCounter.update({ where: { id: 1 }, data: { notBefore } })
  }
}

const entriesOf = async (
  tx: Tx,
  target: Target,
  { tokensExpireAt }: Marked,
  reason: EndReason,
  now: Date,
  notBefore: Date,
): Promise<readonly NewRevocation[]> => {
  const entry = { notBefore: undefined, sparedSessionId: undefined, reason, tokensExpireAt }
  switch (target.of) {
    case 'family':
      return [{ ...entry, kind: 'family', subject: target.id }]
    case 'session':
      return sessionEntries(tx, target.id, entry, now)
    case 'user':
      return userEntries(tx, target.id, { ...entry, notBefore, sparedSessionId: target.sparedSessionId }, now)
    case 'app':
      return familyEntries(await markedFamilies(tx, selectionOf(target).families, now), reason)
    // Tokens that no family stands for, of client_credentials, are written down nowhere: they may live for a day.
    case 'client':
      return [{ ...entry, kind: 'client', subject: target.id, notBefore, tokensExpireAt: later(now, longestToken) }]
    case 'all':
      return [{ ...entry, kind: 'all', subject: '', notBefore, tokensExpireAt: later(now, longestToken) }]
  }
}

const patienceOf = ({ of }: Target): number => (of === 'all' || of === 'client' ? patienceForMany : 60_000)

/** Whom PostgreSQL chose as the victim has committed nothing, and what stood in its way is done: it begins once more. */
const onceMore = async <T>(act: () => Promise<T>): Promise<T> => {
  try {
    return await act()
  } catch (error) {
    if (!isDeadlock(error)) throw error
    return act()
  }
}

export const createEndings = (database: Database): EndingStore => ({
  preview: (target, now) => database.transaction((tx) => markable(tx, selectionOf(target), now), patienceOf(target)),
  end: (target, reason, by, now) =>
    onceMore(() =>
      database.transaction(async (tx) => {
        const waited = stopwatch()
        const of = await subjectOf(tx, target)
        if (!of) return undefined
        const why = target.of === 'app' && reason === 'revoked_by_user' ? 'consent_withdrawn' : reason
        const marked = await mark(tx, selectionOf(target), why, now)
        if (target.of === 'app') {
          const { userId, clientId } = target
          const { count } = await tx.consent.deleteMany({ where: { userId, clientId } })
          if (count === 0 && !marked.anything) return undefined
        }
        const ended = { sessions: marked.sessions, families: marked.families, codes: marked.codes }
        // One that was revoked before is told, and its end has its event.
        if (target.of === 'family' && !marked.anything) return ended
        // What was issued while it waited for its locks must not outlive it.
        const notBefore = notBeforeOf(later(now, waited()))
        await stamp(tx, target, reason, notBefore)
        await recordAct(tx, { target, of, reason, by, at: now }, marked)
        await enter(tx, await entriesOf(tx, target, marked, reason, now, notBefore), now)
        return ended
      }, patienceOf(target)),
    ),
})
