import { readFileSync } from 'node:fs'
import t from 'tap'
import { parseScope } from '../../src/oauth/scope.ts'
import { withClient } from '../support/database.ts'
import { anAdvance } from '../support/records.ts'
import { api, aRefreshScene } from '../support/refreshing.ts'
import { type Answer, type App, aServer, type Tokens } from '../support/server.ts'

/** Every row of docs/rotation.md is a test, and every cell of it is what the server does. */
const document = readFileSync(new URL('../../docs/rotation.md', import.meta.url), 'utf8')
const tableOf = (name: string): readonly { readonly row: string; readonly cells: ReadonlyMap<string, string> }[] => {
  const [, text = ''] = document.split(new RegExp(`<!-- /?${name} -->`))
  const lines = text.trim().split('\n')
  const [[, ...columns] = [], , ...rows] = lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  return rows.map(([row = '', ...cells]) => ({
    row,
    cells: new Map(columns.map((column, index) => [column.replaceAll('`', ''), cells[index] ?? ''])),
  }))
}

const server = await aServer(t, { env: { TRUST_PROXY: '127.0.0.1' } })
const { anApp, logIn, familyIdOf, familyOf, eventsOf, noticesOf, refreshFrom, standing } = await aRefreshScene(server)
const policies: Readonly<Record<string, App>> = {
  default: await anApp({ resources: [api] }),
  'early_refresh: revoke': await anApp({ resources: [api], early_refresh: 'revoke' }),
  'pair_binding: enforce': await anApp({ resources: [api], pair_binding: 'enforce' }),
  'retry_elsewhere: revoke': await anApp({ resources: [api], retry_elsewhere: 'revoke' }),
  'rotation: reuse': await anApp({ resources: [api], rotation: 'reuse' }),
  'bound to a key': await anApp({ resources: [api] }),
}
const home = { ip: '192.0.2.1', userAgent: 'the owner' }
const away = { ip: '198.51.100.66', userAgent: 'the thief' }

type Pair = Pick<Tokens, 'access_token' | 'refresh_token'>
const pairOf = ({ status, body }: Answer): Pair => {
  if (status !== 200) throw new Error(`refused: ${JSON.stringify(body)}`)
  return { access_token: String(body.access_token), refresh_token: String(body.refresh_token) }
}

/** A login, and what anybody may do with a copy of its tokens. */
const aStory = async (policy: string) => {
  const app = policies[policy]
  if (!app) throw new Error(`no test knows the policy ${policy}`)
  const first = await logIn(app)
  const isBound = policy === 'bound to a key'
  const jkt = isBound ? 'thumbprint' : undefined
  if (jkt !== undefined)
    await withClient(server.databaseUrl, (client) =>
      client.query('UPDATE token_families SET jkt = $2 WHERE id = $1', [familyIdOf(first.access_token), jkt]),
    )
  const send = (pair: Pair, from: typeof home, half: boolean) =>
    refreshFrom(from, app, pair.refresh_token, half ? { access_token: pair.access_token } : {})

  return {
    first,
    isBound,
    send,
    /** The owner's own refresh, when the access token is nearly over. One that is bound proves its key. */
    async ownerRotates(pair: Pair): Promise<Pair> {
      server.clock.advance({ seconds: 500 })
      if (!isBound) return pairOf(await send(pair, home, true))
      const family = await familyOf(first.access_token)
      const registered = { scope: parseScope('openid offline_access read'), resources: [api] }
      const request = anAdvance(family, { jkt, registered, now: server.clock.now(), origin: home })
      if (!(await server.stores.families.advance(request))) throw new Error('the key does not open its own family')
      return pair
    },
    /** What came of a request, in the words of the document. */
    async outcome(act: () => Promise<Answer>, others: Pair | undefined, sharer: string): Promise<string> {
      const [events, before] = [(await eventsOf(first.access_token)).length, await standing()]
      const answer = await act()
      const { revokeReason } = await familyOf(first.access_token)
      const news = (await eventsOf(first.access_token)).slice(events)
      const seen = news.filter(({ kind }) => kind !== 'family_revoked').map(({ kind }) => kind)
      if (answer.status === 200) {
        const { refresh_token } = pairOf(answer)
        const got =
          refresh_token === first.refresh_token
            ? 'access token'
            : refresh_token === others?.refresh_token
              ? `${sharer}'s pair`
              : 'next pair'
        return [got, ...seen.map((kind) => `seen ${kind}`)].join(', ')
      }
      if ((await standing()) === before) return 'nothing'
      const told = await noticesOf(first.access_token)
      const isDead = revokeReason !== undefined && !(await server.introspect(app, first.access_token)).active
      return isDead && told.length === 1 && told[0] === revokeReason ? `caught: ${revokeReason}` : 'something else'
    },
  }
}

for (const { row, cells } of tableOf('thief'))
  t.test(`the thief: ${row}`, async (t) => {
    const [holds, comes, ...when] = row.split(', ')
    for (const [policy, cell] of cells) {
      const story = await aStory(policy)
      const { first } = story
      const half = holds === 'both tokens'
      const from = when.includes('not elsewhere') ? home : away
      let owners: Pair | undefined
      if (comes === 'first') server.clock.advance({ seconds: when.includes('fresh') ? 299 : 300 })
      else owners = await story.ownerRotates(first)
      if (comes === 'two behind') {
        owners = await story.ownerRotates(owners ?? first)
      }
      if (comes !== 'first') server.clock.advance({ seconds: when.includes('after the window') ? 61 : 60 })
      t.equal(await story.outcome(() => story.send(first, from, half), owners, 'owner'), cell, `${policy}: ${cell}`)
    }
  })

for (const { row, cells } of tableOf('owner'))
  t.test(`the owner, after a thief who came first: ${row}`, async (t) => {
    for (const [policy, cell] of cells) {
      const story = await aStory(policy)
      const { first } = story
      server.clock.advance({ seconds: 300 })
      const thiefs = pairOf(await story.send(first, away, true))
      server.clock.advance({ seconds: row.includes('after') ? 61 : 60 })
      const from = row.includes('not elsewhere') ? away : home
      t.equal(await story.outcome(() => story.send(first, from, true), thiefs, 'thief'), cell, `${policy}: ${cell}`)
    }
  })

t.test('the tables were found', async (t) => {
  t.equal(tableOf('thief').length, 12)
  t.equal(tableOf('owner').length, 3)
  for (const { cells } of tableOf('thief')) t.same([...cells.keys()], Object.keys(policies))
})
