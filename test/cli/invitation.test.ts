import t from 'tap'
import { later } from '../../src/clock.ts'
import { hashOf } from '../../src/oauth/registration/access-token.ts'
import { checkMetadata } from '../../src/oauth/registration.ts'
import { start } from '../support/records.ts'
import { aConsole, holds } from './console.ts'

const { run, json, stores } = await aConsole(t)

t.test('client invite makes an initial access token, shown once and stored hashed (RFC 7591 §3)', async (t) => {
  const made = await json(['client', 'invite', '--uses', '3', '--expires-in', '600'])
  t.match(made, { initial_access_token: /^tsn_[\w-]{43}$/, uses: 3 })
  const hash = hashOf(String(made.initial_access_token))
  t.ok(await stores.registrations.isInvited(hash, later(start, 599)))
  t.notOk(await stores.registrations.isInvited(hash, later(start, 600)))
  const text = await run(['client', 'invite'])
  t.match(text.stdout, /^initial_access_token {2}tsn_[\w-]{43}$/m)
  t.match(text.stdout, /Good for 1 client until/)
  t.match(text.stderr, /REGISTRATION is off/)
})

t.test('client invite refuses what no token can be', async (t) => {
  for (const argv of [
    ['--uses', '0'],
    ['--uses', 'many'],
    ['--uses', '1.5'],
    ['--expires-in', '0'],
    ['--expires-in', '1e9'],
  ])
    t.equal((await run(['client', 'invite', ...argv])).exitCode, 2, argv.join(' '))
})

t.test('list and show say that a client registered itself, and not with what', async (t) => {
  const metadata = checkMetadata({ client_name: 'Self', redirect_uris: ['https://app.example/cb'] })
  const hash = hashOf('tra_secret')
  const own = { clientId: 'dyn_1', metadata, secret: undefined, hash, invitation: undefined }
  t.equal(await stores.registrations.register(own, start), 'registered')
  await run([
    'client',
    'create',
    '--name',
    'Web',
    '--type',
    'web',
    '--id',
    'web',
    '--redirect-uri',
    'https://a.example/cb',
  ])
  t.match(await json(['client', 'show', 'dyn_1']), { registered_itself: true, last_used_at: null })
  t.notOk('registered_itself' in (await json(['client', 'show', 'web'])))
  t.match((await run(['client', 'show', 'dyn_1'])).stdout, /registered by +itself/)
  t.match((await run(['client', 'show', 'web'])).stdout, /registered by +an operator/)
  const { stdout } = await run(['client', 'list'])
  t.match(stdout, /^dyn_1 .* itself /m)
  t.match(stdout, /^web .* operator /m)
  for (const argv of [['list'], ['show', 'dyn_1']])
    for (const encoding of ['hex', 'base64', 'base64url'] as const)
      t.notOk(holds(await run(['client', ...argv, '--json']), hash.toString(encoding)))
})

t.test('a token of a registration is no token to inspect', async (t) => {
  for (const prefix of ['tra_', 'tsn_'])
    t.match((await run(['token', 'inspect', `${prefix}x`])).stderr, /Treat it as leaked/)
})
