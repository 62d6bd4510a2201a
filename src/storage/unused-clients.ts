import { statement } from './database.ts'

/** Rows have secrets and consents that go with them. */
export const fewClients = 100

/** Clients that registered themselves and that nobody has used yet. Those that register at once may pass it by a few. */
export const mostUnused = 10_000

/** Every server is told, as of any change of a client. */
const sweepOf = (name: string, which: string) =>
  statement(
    name,
    `WITH gone AS (
       DELETE FROM clients WHERE id = ANY(ARRAY(
         SELECT c.id FROM clients c
         WHERE c.registration_hash IS NOT NULL AND ${which}
           AND NOT EXISTS (SELECT FROM consents s WHERE s.client_id = c.id)
           AND NOT EXISTS (SELECT FROM token_families f WHERE f.client_id = c.id AND f.revoked_at IS NULL
             AND least(f.idle_expires_at, f.absolute_expires_at) > $1)
         LIMIT ${fewClients} FOR UPDATE OF c SKIP LOCKED))
       RETURNING id)
     SELECT pg_notify('tessera_changes', 'client:' || id) FROM gone`,
  )

/**
 * Clients that registered themselves, through which nobody logged in since $1, and to which nobody has anything open: no
 * living family, no consent.
 */
export const unusedClients = sweepOf(
  'sweep_clients',
  'coalesce(c.last_used_at, c.created_at) < $1 AND c.created_at < $1',
)

/** D6: those that nobody ever used since $1, while they take more than half of the places: others want to register too. */
export const crowdingClients = sweepOf(
  'sweep_crowding_clients',
  `c.last_used_at IS NULL AND c.created_at < $1 AND EXISTS (
     SELECT FROM clients w WHERE w.registration_hash IS NOT NULL AND w.last_used_at IS NULL OFFSET ${mostUnused / 2} LIMIT 1)`,
)
