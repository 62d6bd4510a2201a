import type { AuthorizationRequest, DeviceRequest, RedirectedRequest } from '../oauth/authorization/request.ts'
import type { Interaction, InteractionStore } from '../oauth/authorization/stores.ts'
import type { AuthorizationCode, Consent, Person } from '../oauth/stores.ts'
import { codeColumns, codeValues, spendPushed } from './codes.ts'
import { checked, type Database, json, statement, type Value } from './database.ts'

/** Who is at the browser; every column is null where nobody is, the last ones where nothing was granted. */
type StandingRow = {
  readonly user_id: string | null
  readonly username: string
  readonly session_id: string
  readonly authenticated_at: Date
  readonly acr: string
  readonly amr: readonly string[]
  readonly idle_expires_at: Date
  readonly absolute_expires_at: Date
  readonly consent_scope: readonly string[]
  readonly consent_resources: readonly string[]
  readonly granted_at: Date | null
}
type InteractionRow = {
  readonly browser_hash: Buffer
  readonly request: StoredRequest
  readonly received_at: Date
  readonly expires_at: Date
  readonly completed_at: Date | null
}
/** JSON leaves out what is undefined. */
type Sparse<Request, Required extends keyof Request> = Partial<Request> & Pick<Request, Required>
type RequiredMember = 'clientId' | 'scope' | 'resources' | 'prompt' | 'acrValues' | 'uiLocales' | 'claims'
type StoredRequest =
  | Sparse<RedirectedRequest, RequiredMember | 'redirectUri' | 'responseMode'>
  | Sparse<DeviceRequest, RequiredMember | 'device'>

const standing = `u.id AS user_id, u.username, s.id AS session_id, s.authenticated_at, s.acr, s.amr, s.idle_expires_at,
  s.absolute_expires_at, g.scope AS consent_scope, g.resources AS consent_resources, g.granted_at`
const alive = (now: string) => `s.ended_at IS NULL AND s.idle_expires_at > ${now} AND s.absolute_expires_at > ${now}`

const person = statement<StandingRow>(
  'interaction_person',
  `SELECT ${standing} FROM sessions s JOIN users u ON u.id = s.user_id AND u.disabled_at IS NULL
     LEFT JOIN consents g ON g.user_id = u.id AND ${checked('g.client_id', '$2')}
   WHERE s.token_hash = $1 AND ${alive('$3')}`,
)

const create = statement(
  'interaction_create',
  `INSERT INTO interactions (id_hash, browser_hash, client_id, request, received_at, expires_at)
   VALUES ($1, $2, $3, $4, $5, $6)`,
)

const interaction = 'i.browser_hash, i.request, i.received_at, i.expires_at, i.completed_at'

/** For a browser without a session cookie: who nobody is need not be looked up in three more tables. */
const findAlone = statement<InteractionRow>(
  'interaction_find_alone',
  `SELECT ${interaction} FROM interactions i WHERE i.id_hash = $1 AND i.expires_at > $2`,
)

const find = statement<InteractionRow & StandingRow>(
  'interaction_find',
  `SELECT ${interaction}, ${standing}
   FROM interactions i
     LEFT JOIN (sessions s JOIN users u ON u.id = s.user_id AND u.disabled_at IS NULL)
       ON s.token_hash = $2 AND ${alive('$3')}
     LEFT JOIN consents g ON g.user_id = u.id AND ${checked('g.client_id', 'i.client_id')}
   WHERE i.id_hash = $1 AND i.expires_at > $3`,
)

/** What a person's yes leaves behind: parts of a statement whose parameters from the third on are `grantedValues`. */
export const grantedBy = (completed: string): string => `remembered AS (
    INSERT INTO consents AS g (user_id, client_id, scope, resources, granted_at)
    SELECT $5, client_id, $13::text[], $14::text[], $15::timestamptz FROM ${completed} WHERE $15 IS NOT NULL
    ON CONFLICT (user_id, client_id) DO UPDATE SET granted_at = excluded.granted_at,
      scope = ARRAY(SELECT unnest(g.scope) UNION SELECT unnest(excluded.scope)),
      resources = ARRAY(SELECT unnest(g.resources) UNION SELECT unnest(excluded.resources))
  ), issued AS (
    INSERT INTO authorization_codes (${codeColumns})
    SELECT $3::bytea, $4::text, $5::uuid, $6::uuid, $7::jsonb, $8::text, $9::text, $10::timestamptz, $11::timestamptz,
      $12::timestamptz FROM ${completed} WHERE $3 IS NOT NULL
  )`

const complete = statement<{ completed: boolean }>(
  'interaction_complete',
  `WITH pushed AS (
    ${spendPushed('$16', '$2')}
  ), completed AS (
    UPDATE interactions SET completed_at = $2 WHERE id_hash = $1 AND completed_at IS NULL AND expires_at > $2
      AND ($16::bytea IS NULL OR EXISTS (SELECT FROM pushed)) RETURNING client_id
  ), ${grantedBy('completed')}
SELECT true AS completed FROM completed`,
)

const personOf = (row: StandingRow): Person | undefined =>
  row.user_id === null
    ? undefined
    : {
        userId: row.user_id,
        username: row.username,
        sessionId: row.session_id,
        authenticatedAt: row.authenticated_at,
        acr: row.acr,
        amr: row.amr,
        idleExpiresAt: row.idle_expires_at,
        absoluteExpiresAt: row.absolute_expires_at,
      }

const consentOf = (row: StandingRow): Consent | undefined =>
  row.granted_at === null
    ? undefined
    : { scope: row.consent_scope, resources: row.consent_resources, grantedAt: row.granted_at }

const requestOf = (stored: StoredRequest): AuthorizationRequest => {
  const { nonce, maxAge, loginHint, hintedSubject } = stored
  if (stored.device) return { ...stored, nonce, maxAge, loginHint, hintedSubject }
  const { state, codeChallenge, dpopJkt, pushedHash } = stored
  return { ...stored, nonce, maxAge, loginHint, hintedSubject, state, codeChallenge, dpopJkt, pushedHash }
}

const interactionOf = (idHash: Buffer, row: InteractionRow): Interaction => ({
  idHash,
  browserHash: row.browser_hash,
  clientId: row.request.clientId,
  request: requestOf(row.request),
  receivedAt: row.received_at,
  expiresAt: row.expires_at,
  completedAt: row.completed_at ?? undefined,
})

const nothing = Array.from({ length: 10 }, () => null)

export const grantedValues = (code: AuthorizationCode | undefined, consent: Consent | undefined): readonly Value[] => {
  if (consent && !code) throw new Error('a consent belongs to the person whose code is issued with it')
  return [...(code ? codeValues(code) : nothing), consent?.scope, consent?.resources, consent?.grantedAt]
}

export const createInteractions = (database: Database): InteractionStore => ({
  person: async (sessionHash, clientId, now) => {
    const [row] = await database.rows(person, [sessionHash, clientId, now])
    const found = row && personOf(row)
    return found && { person: found, consent: consentOf(row) }
  },
  create: async (interaction) => {
    const { idHash, browserHash, clientId, request, receivedAt, expiresAt } = interaction
    await database.count(create, [idHash, browserHash, clientId, json(request), receivedAt, expiresAt])
  },
  find: async (idHash, sessionHash, now) => {
    if (!sessionHash) {
      const [row] = await database.rows(findAlone, [idHash, now])
      return row && { interaction: interactionOf(idHash, row), person: undefined, consent: undefined }
    }
    const [row] = await database.rows(find, [idHash, sessionHash, now])
    return row && { interaction: interactionOf(idHash, row), person: personOf(row), consent: consentOf(row) }
  },
  complete: async (idHash, code, consent, now, pushed) =>
    (await database.rows(complete, [idHash, now, ...grantedValues(code, consent), pushed])).length === 1,
})
