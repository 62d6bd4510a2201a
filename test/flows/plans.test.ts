import t from 'tap'
import type { Database } from '../../src/storage/database.ts'
import { aDatabase, withClient } from '../support/database.ts'
import { aDevice, aDeviceApp } from '../support/devices.ts'
import { aServer } from '../support/server.ts'

type Plan = {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly Plans?: readonly Plan[]
}
const nodesOf = (plan: Plan): readonly Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)]

/** The table has one row. */
const small = ['revocation_counter']
/** What begins so is no part of a request, or rare: the note of an early refresh is written once in a family's life. */
const aside = /^(client_|database_|maintenance_|revocations?_|family_note)/

t.test(
  'on a database too new for statistics, each statement of the hot path finds its rows by unique keys',
  async (t) => {
    const { url, database } = await aDatabase(t)
    const texts = new Map<string, string>()
    const watched: Database = {
      ...database,
      rows: (statement, values) => {
        texts.set(statement.name, statement.text)
        return database.rows(statement, values)
      },
      count: (statement, values) => {
        texts.set(statement.name, statement.text)
        return database.count(statement, values)
      },
    }
    const server = await aServer(t, { on: { url, database: watched } })
    const alice = await server.aPerson()
    const app = await server.anApp()
    texts.clear()
    const visitor = server.visitor()
    const tokens = await server.logIn(alice, app, {}, visitor)
    const pushed = await server.post(
      '/oauth2/par',
      Object.fromEntries(new URL(server.authorizeUrl(app).url).searchParams),
      app,
    )
    await visitor.visit(
      `/oauth2/authorize?${new URLSearchParams({ client_id: app.client_id, request_uri: String(pushed.body.request_uri) })}`,
    )
    await server.refresh(app, tokens.refresh_token)
    await server.introspect(app, tokens.access_token)
    await server.get('/oauth2/userinfo', { authorization: `Bearer ${tokens.access_token}` })
    const device = await aDevice(server, await aDeviceApp(server))
    await device.poll()

    for (const name of [
      'interaction_find',
      'code_spend',
      'family_advance_observe_all',
      'token_standing',
      'session_create',
    ])
      t.ok(texts.has(name), `${name} was sent`)
    await withClient(url, async (client) => {
      const { rows } = await client.query<{ name: string }>(
        'SELECT indexrelid::regclass::text AS name FROM pg_index WHERE NOT indisunique',
      )
      const shared = new Set(rows.map(({ name }) => name))
      for (const [name, text] of texts) {
        if (aside.test(name)) continue
        const explained = await client.query<{ 'QUERY PLAN': readonly { Plan: Plan }[] }>(
          `EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${text}`,
        )
        const [plan] = explained.rows[0]?.['QUERY PLAN'] ?? []
        const nodes = plan ? nodesOf(plan.Plan) : []
        t.ok(nodes.length > 0, `${name} has a plan`)
        const wide = nodes.filter(
          (node) =>
            (node['Node Type'] === 'Seq Scan' && !small.includes(node['Relation Name'] ?? '')) ||
            shared.has(node['Index Name'] ?? ''),
        )
        t.same(
          wide.map((node) => `${node['Node Type']} ${node['Relation Name'] ?? ''} ${node['Index Name'] ?? ''}`),
          [],
          name,
        )
      }
    })
  },
)
