import type { SessionEnd } from '../identity/stores.ts'
import { keptUntil, type Revocation, type RevocationKind, revocationKinds } from '../oauth/revocations/entry.ts'
import type { RevocationStore } from '../oauth/revocations/stores.ts'
import type { FamilyEnd } from '../oauth/tokens/family-end.ts'
import { announce } from './changes.ts'
import { type Database, statement } from './database.ts'
import type { Prisma } from './prisma/client.ts'

/** An act that has no number yet. */
export type NewRevocation = Pick<Revocation, 'kind' | 'subject' | 'notBefore' | 'sparedSessionId'> & {
  readonly reason: FamilyEnd | SessionEnd | 'key_stolen'
  /** The latest expiry of any access token concerned; what nothing alive hangs on need not be told. */
  readonly tokensExpireAt: Date | undefined
}

/**
 * The last thing an act does in its transaction. The counter's row stays locked until the commit: the next act waits for
 * it, so numbers become visible in their order.
 */
export const enter = async (tx: Prisma.TransactionClient, acts: readonly NewRevocation[], now: Date): Promise<void> => {
  const told = acts.flatMap(({ tokensExpireAt, ...act }) => {
    const expiresAt = tokensExpireAt && keptUntil(tokensExpireAt)
    return expiresAt && expiresAt > now ? [{ ...act, expiresAt }] : []
  })
  if (told.length === 0) return
  const { seq } = await tx.revocationCounter.update({ where: { id: 1 }, data: { seq: { increment: told.length } } })
  const first = seq - BigInt(told.length) + 1n
  await tx.revocation.createMany({
    data: told.map(({ kind, subject, notBefore, sparedSessionId, reason, expiresAt }, index) => ({
      seq: first + BigInt(index),
      kind,
      subject,
      notBefore: notBefore ?? null,
      sparedSessionId: sparedSessionId ?? null,
      reason,
      at: now,
      expiresAt,
    })),
  })
  await announce(tx, { of: 'revocations' })
}

/**
 * The same for an act of one statement. `ended` is the common table expression whose rows are what it ended: `id` and
 * `tokens_expire_at`. Counting them first means that every row is locked before the counter is.
 */
export const entered = (kind: RevocationKind, { reason, now }: { readonly reason: string; readonly now: string }) => `
  lasting AS (SELECT id::text AS subject, tokens_expire_at + interval '60 seconds' AS expires_at FROM ended
    WHERE tokens_expire_at + interval '60 seconds' > ${now}),
  counted AS (UPDATE revocation_counter SET seq = seq + 1 WHERE id = 1 AND (SELECT count(*) FROM lasting) > 0 RETURNING seq),
  entered AS (INSERT INTO revocations (seq, kind, subject, reason, at, expires_at)
    SELECT seq, '${kind}', subject, ${reason}, ${now}, expires_at FROM lasting, counted RETURNING seq)
  SELECT (SELECT count(*)::int FROM ended) AS ended, (SELECT pg_notify('tessera_changes', 'revocations') FROM entered)::text`

type StateRow = { readonly epoch: string; readonly seq: string }
type RevocationRow = {
  readonly seq: string
  readonly kind: string
  readonly subject: string
  readonly spared_session_id: string | null
  readonly not_before: Date | null
  readonly expires_at: Date
}

/**
 * The counter's epoch, and what changes when a database is restored: its timeline (a recovery, a failover), its cluster,
 * the counter's table (a dump that was read in), and when it was started (a copy of its directory).
 */
const state = statement<StateRow>(
  'revocation_state',
  `SELECT epoch || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)
     || (SELECT system_identifier FROM pg_control_system()) || 'revocation_counter'::regclass::oid
     || extract(epoch FROM pg_postmaster_start_time()) AS epoch, seq
   FROM revocation_counter WHERE id = 1`,
)

const after = statement<RevocationRow>(
  'revocation_after',
  `SELECT seq, kind, subject, spared_session_id, not_before, expires_at FROM revocations
   WHERE seq > $1 AND expires_at > $2 ORDER BY seq`,
)

const kindOf = (name: string): RevocationKind => {
  const known = revocationKinds.find((kind) => kind === name)
  if (!known) throw new Error('revocations names a kind that this version does not know')
  return known
}

export const createRevocations = (database: Database): RevocationStore => ({
  state: async () => {
    const [row] = await database.rows(state, [])
    if (!row) throw new Error('revocation_counter has lost its row')
    return { epoch: row.epoch, seq: Number(row.seq) }
  },
  after: async (seq, now) =>
    (await database.rows(after, [seq, now])).map((row) => ({
      seq: Number(row.seq),
      kind: kindOf(row.kind),
      subject: row.subject,
      sparedSessionId: row.spared_session_id ?? undefined,
      notBefore: row.not_before ?? undefined,
      expiresAt: row.expires_at,
    })),
})
