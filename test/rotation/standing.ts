import { statement } from '../../src/storage/database.ts'
import { hold } from './invariants.ts'
import type { State } from './oracle.ts'
import type { Story } from './story.ts'

/** A family as the database has it, with the number of events of its end. */
export type Row = {
  readonly id: string
  readonly generation: number
  readonly idle: number
  readonly absolute: number
  readonly reason: string | null
  readonly events: number
}

const standings = statement<Row>(
  'test_standings',
  `SELECT f.id, f.generation, extract(epoch FROM f.idle_expires_at)::float8 AS idle,
     extract(epoch FROM f.absolute_expires_at)::float8 AS absolute,
     CASE WHEN f.revoked_at IS NOT NULL THEN f.revoke_reason END AS reason,
     (SELECT count(*)::int FROM events e WHERE e.family_id = f.id AND e.kind = 'family_revoked') AS events
   FROM token_families f WHERE f.user_id = $1`,
)

export const rowsOf = ({ world, person }: Story): Promise<readonly Row[]> =>
  world.control.database.rows(standings, [person.id])

/** Ends that the family's own row and event say; of a larger act, the event may be one for all. */
const single: readonly string[] = ['replayed', 'stale', 'revoked_by_client']

/**
 * Whether the database is as the oracle thinks.
 * @param touched the families this step was about
 * @param how what to call a change that was not due in one of these
 * @throws Broken
 */
export const standsAs = (
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
    const events = row.events
    if (family.ended && single.includes(family.ended)) hold('oneEvent', events === 1, what)
    else hold('oneEvent', events <= (family.ended ? 1 : 0), what)
  }
}
