import { statement } from '../../src/storage/database.ts'
import { hold } from './invariants.ts'
import type { Reason, State } from './oracle.ts'
import type { Story } from './story.ts'

/** A family as the database has it, with how often its end was told: in events, to the person, in the feed. */
export type Row = {
  readonly id: string
  readonly generation: number
  readonly idle: number
  readonly absolute: number
  readonly tokensExpire: number
  readonly revoked: number | null
  readonly reason: string | null
  readonly events: number
  readonly notices: number
  readonly entries: number
}

const standings = statement<Row>(
  'test_standings',
  `SELECT f.id, f.generation, extract(epoch FROM f.idle_expires_at)::float8 AS idle,
     extract(epoch FROM f.absolute_expires_at)::float8 AS absolute,
     extract(epoch FROM f.tokens_expire_at)::float8 AS "tokensExpire", extract(epoch FROM f.revoked_at)::float8 AS revoked,
     CASE WHEN f.revoked_at IS NOT NULL THEN f.revoke_reason END AS reason,
     (SELECT count(*)::int FROM events e WHERE e.family_id = f.id AND e.kind = 'family_revoked') AS events,
     (SELECT count(*)::int FROM notices n WHERE n.family_id = f.id) AS notices,
     (SELECT count(*)::int FROM revocations r WHERE r.kind = 'family' AND r.subject = f.id::text) AS entries
   FROM token_families f WHERE f.user_id = $1`,
)

export const rowsOf = ({ world, person }: Story): Promise<readonly Row[]> =>
  world.control.database.rows(standings, [person.id])

/** Ends that the family's own row and event say; of a larger act, the event may be one for all. */
const single: readonly string[] = ['replayed', 'stale', 'revoked_by_client']
/** Ends that a person must hear of. */
const theft: readonly Reason[] = ['replayed', 'stale']

/**
 * The table judges the state that was read. Of acts at once, one may rotate between that and the end: then a token before
 * the last has ended the family as `stale` although by now it is older. Both names are theft, and both end it.
 */
export const asRead = (state: State, rows: readonly Row[]): State => ({
  ...state,
  families: state.families.map((family) => {
    const read = theft.find((reason) => reason === rows.find(({ id }) => id === family.id)?.reason)
    return family.ended && theft.includes(family.ended) && read ? { ...family, ended: read } : family
  }),
})

/**
 * Whether the database is as the oracle thinks.
 * @param touched the families this step was about
 * @param how what to call a change that was not due in one of these
 * @throws Broken
 */
export const standsAs = (
  story: Story,
  rows: readonly Row[],
  state: State,
  touched: readonly string[],
  how: 'presenter' | 'retryExtends' | 'verdict',
): void => {
  for (const family of state.families) {
    const row = rows.find(({ id }) => id === family.id)
    const what = () => `${JSON.stringify(family)} was due, ${JSON.stringify(row)} is there`
    const isTouched = touched.includes(family.id)
    hold('deadStaysDead', !family.ended || (row !== undefined && row.reason !== null), what)
    hold(isTouched ? how : 'otherFamilies', (row?.reason ?? undefined) === family.ended, what)
    hold(isTouched ? how : 'otherFamilies', row?.generation === family.live, what)
    hold(isTouched ? how : 'otherFamilies', row.idle === family.idle && row.absolute === family.absolute, what)
    const { events, notices, entries } = row
    const isSingle = family.ended !== undefined && single.includes(family.ended)
    hold('oneEvent', isSingle ? events === 1 : events <= (family.ended ? 1 : 0), what)
    hold('oneEvent', notices === (family.ended && theft.includes(family.ended) ? 1 : 0), what)
    const isTold = isSingle && row.revoked !== null && row.revoked < row.tokensExpire
    // An act on its session in the same instant may tell it once more, which ends nothing more.
    hold('oneEvent', isTold ? entries >= 1 : family.ended !== undefined || entries === 0, what)
    const lasting = story.accesses.filter((one) => one.family === family.id).map(({ exp }) => exp)
    hold('feedLasts', row.tokensExpire >= Math.max(0, ...lasting), what)
  }
}
