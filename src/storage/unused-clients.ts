import { statement } from './database.ts'

/** Rows have secrets and consents that go with them. */
export const fewClients = 100

/**
 * Clients that registered themselves, through which nobody logged in since $1, and to which nobody has anything open: no
 * living family, no consent. Every server is told, as of any change of a client.
 */
export const unusedClients = statement(
  'sweep_clients',
  `WITH gone AS (
     DELETE FROM clients WHERE id = ANY(ARRAY(
       SELECT c.id FROM clients c
       WHERE c.registration_hash IS NOT NULL AND coalesce(c.last_used_at, c.created_at) < $1 AND c.created_at < $1
         AND NOT EXISTS (SELECT FROM consents s WHERE s.client_id = c.id)
         AND NOT EXISTS (SELECT FROM token_families f WHERE f.client_id = c.id AND f.revoked_at IS NULL
           AND least(f.idle_expires_at, f.absolute_expires_at) > $1)
       LIMIT ${fewClients} FOR UPDATE OF c SKIP LOCKED))
     RETURNING id)
   SELECT pg_notify('tessera_changes', 'client:' || id) FROM gone`,
)
