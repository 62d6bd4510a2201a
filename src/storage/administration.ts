import type { QueryResultRow } from 'pg'
import type {
  AdministrationStore,
  LoginFilter,
  Place,
  SeenClient,
  SeenFamily,
  SeenSession,
  SeenUser,
  Slice,
} from '../administration/stores.ts'
import type { Target } from '../identity/ending.ts'
import { type Database, statement, type Value } from './database.ts'
import { effective, type FamilyRow, familyOf, standing } from './family-row.ts'
import { type SessionRow, sessionOf } from './sessions.ts'

/** As the index of what is alive has it: of a million that have ended, none is read. */
const lives = (end: string): string => `coalesce(${end}, 'infinity') = 'infinity'`

/** What stands in a list for the id of a person, a client and a session, and for the row itself. */
type Columns = {
  readonly row: string
  readonly user: string
  readonly session: string
  client(parameter: string): string
}

/**
 * One page, the newest first, as a statement that asks for no more than is wanted: each shape has a plan of its own. One
 * for all of them would be planned for everybody, and read everybody's rows to find one person's.
 *
 * @param select $1 is now; `also` are further conditions
 */
const page =
  <Row extends QueryResultRow>(
    name: string,
    { row, user, session, client }: Columns,
    select: (also: string, rest: string) => string,
  ) =>
  ({ userId, clientId, sessionId }: LoginFilter, { after, limit }: Slice<Place>, now: Date) => {
    const values: Value[] = [now]
    const give = (value: Value): string => `$${values.push(value)}`
    const parts = [
      ...(userId === undefined ? [] : [{ shape: 'user', sql: `${user} = ${give(userId)}` }]),
      ...(clientId === undefined ? [] : [{ shape: 'client', sql: client(give(clientId)) }]),
      ...(sessionId === undefined ? [] : [{ shape: 'session', sql: `${session} = ${give(sessionId)}` }]),
      ...(after
        ? [{ shape: 'next', sql: `(${row}.created_at, ${row}.id) < (${give(after.at)}, ${give(after.id)})` }]
        : []),
    ]
    const also = parts.map(({ sql }) => ` AND ${sql}`).join('')
    const text = select(also, `ORDER BY created_at DESC, id DESC LIMIT ${give(limit)}`)
    const shape = [name, ...parts.map((part) => part.shape)].join('_')
    return { statement: statement<Row>(`administration_${shape}`, text), values }
  }

const sessions = page<SessionRow & { readonly username: string }>(
  'sessions',
  {
    row: 's',
    user: 's.user_id',
    session: 's.id',
    client: (parameter) => `EXISTS (SELECT FROM token_families f
      WHERE f.session_id = s.id AND f.client_id = ${parameter} AND f.revoked_at IS NULL)`,
  },
  (also, rest) => `
   SELECT s.id, s.user_id, s.authenticated_at, s.amr, s.acr, s.created_at, s.last_used_at, s.idle_expires_at,
     s.absolute_expires_at, s.ip, s.user_agent, u.username
   FROM sessions s JOIN users u ON u.id = s.user_id
   WHERE ${lives('s.ended_at')} AND s.idle_expires_at > $1 AND s.absolute_expires_at > $1${also} ${rest}`,
)

const families = page<FamilyRow & { readonly username: string; readonly client_name: string | null }>(
  'families',
  { row: 'f', user: 'f.user_id', session: 'f.session_id', client: (parameter) => `f.client_id = ${parameter}` },
  (also, rest) => `
  SELECT * FROM (SELECT ${effective}, u.username, c.metadata->>'client_name' AS client_name ${standing}
    WHERE ${lives('f.revoked_at')} AND f.absolute_expires_at > $1${also}) AS family
  WHERE revoked_at IS NULL AND idle_expires_at > $1 ${rest}`,
)

type UserRow = {
  readonly id: string
  readonly username: string
  readonly username_key: string
  readonly name: string | null
  readonly email: string | null
  readonly admin: boolean
  readonly created_at: Date
  readonly disabled_at: Date | null
}
const userColumns = `u.id, u.username, u.username_key, u.claims->>'name' AS name, u.claims->>'email' AS email, u.admin,
  u.created_at, u.disabled_at`
// O9: `position` compares text. There is no pattern that could be meant otherwise, or take long.
const users = statement<UserRow>(
  'administration_users',
  `SELECT ${userColumns} FROM users u
   WHERE (position($1 IN u.username_key) > 0 OR position($1 IN lower(u.claims->>'name')) > 0
       OR position($1 IN lower(u.claims->>'email')) > 0 OR u.id::text = $1)
     AND ($2::text IS NULL OR u.username_key COLLATE "C" > $2)
   ORDER BY u.username_key COLLATE "C" LIMIT $3`,
)
const user = statement<UserRow>('administration_user', `SELECT ${userColumns} FROM users u WHERE u.id = $1`)
const usernames = statement<{ readonly id: string; readonly username: string }>(
  'administration_usernames',
  'SELECT id, username FROM users WHERE id = ANY ($1::uuid[])',
)

type ClientRow = {
  readonly id: string
  readonly name: string | null
  readonly authentication: string | null
  readonly grant_types: readonly string[] | null
  readonly scope: string | null
  readonly resources: readonly string[] | null
  readonly registered_itself: boolean
  readonly created_at: Date
  readonly disabled_at: Date | null
}
const clientColumns = `c.id, c.metadata->>'client_name' AS name, c.metadata->>'token_endpoint_auth_method' AS authentication,
  c.metadata->'grant_types' AS grant_types, c.metadata->>'scope' AS scope, c.metadata->'resources' AS resources,
  c.registration_hash IS NOT NULL AS registered_itself, c.created_at, c.disabled_at`
const clients = statement<ClientRow>(
  'administration_clients',
  `SELECT ${clientColumns} FROM clients c
   WHERE (position($1 IN lower(c.metadata->>'client_name')) > 0 OR position($1 IN lower(c.id)) > 0)
     AND ($2::text IS NULL OR c.id COLLATE "C" > $2)
   ORDER BY c.id COLLATE "C" LIMIT $3`,
)
const client = statement<ClientRow>('administration_client', `SELECT ${clientColumns} FROM clients c WHERE c.id = $1`)

const existing = (kind: string, from: string) =>
  statement<{ readonly exists: boolean }>(`administration_exists_${kind}`, `SELECT EXISTS (SELECT ${from}) AS exists`)
const exists = {
  session: existing('session', 'FROM sessions WHERE id = $1'),
  family: existing('family', 'FROM token_families WHERE id = $1'),
  user: existing('user', 'FROM users WHERE id = $1'),
  client: existing('client', 'FROM clients WHERE id = $1'),
  // A client may be gone before what it was given.
  app: existing(
    'app',
    `WHERE EXISTS (SELECT FROM token_families WHERE user_id = $1 AND client_id = $2)
       OR EXISTS (SELECT FROM authorization_codes WHERE user_id = $1 AND client_id = $2)
       OR EXISTS (SELECT FROM consents WHERE user_id = $1 AND client_id = $2)`,
  ),
}

const seenUser = (row: UserRow): SeenUser => ({
  id: row.id,
  username: row.username,
  key: row.username_key,
  name: row.name ?? undefined,
  email: row.email ?? undefined,
  admin: row.admin,
  createdAt: row.created_at,
  disabledAt: row.disabled_at ?? undefined,
})
const seenClient = (row: ClientRow): SeenClient => ({
  id: row.id,
  name: row.name ?? row.id,
  authentication: row.authentication ?? 'client_secret_basic',
  grantTypes: row.grant_types ?? [],
  scope: row.scope ?? '',
  resources: row.resources ?? [],
  registeredItself: row.registered_itself,
  createdAt: row.created_at,
  disabledAt: row.disabled_at ?? undefined,
})
const seenFamily = (
  row: FamilyRow & { readonly username: string; readonly client_name: string | null },
): SeenFamily => ({
  ...familyOf(row),
  username: row.username,
  clientName: row.client_name ?? undefined,
})

export const createAdministrationLists = (database: Database): AdministrationStore => ({
  sessions: async (wanted, part, now) => {
    const { statement, values } = sessions(wanted, part, now)
    const rows = await database.rows(statement, values)
    return rows.map((row): SeenSession => ({ ...sessionOf(row), username: row.username }))
  },
  families: async (wanted, part, now) => {
    const { statement, values } = families(wanted, part, now)
    return (await database.rows(statement, values)).map(seenFamily)
  },
  users: async (search, { after, limit }) => (await database.rows(users, [search, after, limit])).map(seenUser),
  user: async (id) => (await database.rows(user, [id])).map(seenUser)[0],
  clients: async (search, { after, limit }) => (await database.rows(clients, [search, after, limit])).map(seenClient),
  client: async (id) => (await database.rows(client, [id])).map(seenClient)[0],
  usernames: async (ids) => new Map((await database.rows(usernames, [ids])).map((row) => [row.id, row.username])),
  exists: async (target: Target) => {
    if (target.of === 'all') return true
    const values = target.of === 'app' ? [target.userId, target.clientId] : [target.id]
    return (await database.rows(exists[target.of], values))[0]?.exists === true
  },
})
