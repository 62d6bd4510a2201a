import fc from 'fast-check'
import t from 'tap'
import { OAuthError } from '../../src/oauth/errors.ts'
import { anAuthentication, basic, form } from '../support/client-authentication.ts'
import { aClient, aSecret } from '../support/clients.ts'

const refused = { code: 'invalid_client', status: 401, description: 'Client authentication failed.' }
const malformed = { code: 'invalid_request', status: 400 }
const byBasic = aClient({ client_id: 'app', secret: 's3cret' })
const byPost = aClient({ client_id: 'post', secret: 's3cret', token_endpoint_auth_method: 'client_secret_post' })
const open = aClient({ client_id: 'spa', token_endpoint_auth_method: 'none' })
const { authenticate } = anAuthentication([byBasic, byPost, open])

t.test('RFC 6749 §2.3.1: each client by its method', async (t) => {
  t.equal(await authenticate({ authorization: basic('app', 's3cret') }), byBasic)
  t.equal(await authenticate({ authorization: basic('app', 's3cret').replace('Basic', 'bASIC ') }), byBasic)
  t.equal(
    await authenticate({ authorization: basic('app', 's3cret'), parameters: form({ client_id: 'app' }) }),
    byBasic,
  )
  t.equal(await authenticate({ parameters: form({ client_id: 'post', client_secret: 's3cret' }) }), byPost)
  t.equal(await authenticate({ parameters: form({ client_id: 'spa' }) }), open)
})

t.test('T1 id and secret in Basic are form-urldecoded, and work when they were not encoded', async (t) => {
  const [id, secret] = ['a:b%c d', 'p:ä+%41 %']
  const odd = aClient({ client_id: id, secret })
  const literal = aClient({ client_id: 'a+b%', secret: 'x+y:%41%' })
  const { authenticate } = anAuthentication([odd, literal])
  const encode = (text: string) => new URLSearchParams({ x: text }).toString().slice(2)
  t.equal(await authenticate({ authorization: basic(encode(id), encode(secret)) }), odd)
  t.equal(await authenticate({ authorization: basic(encode(id), encode(secret).replaceAll('+', '%20')) }), odd)
  t.equal(await authenticate({ authorization: basic(encode('a+b%'), encode('x+y:%41%')) }), literal)
  t.equal(await authenticate({ authorization: basic('a+b%', 'x+y:%41%') }), literal)
  await t.rejects(authenticate({ authorization: basic('a+b%', 'x y:A%') }), refused)
})

t.test('T1 two methods at once are invalid_request', async (t) => {
  const authorization = basic('app', 's3cret')
  for (const parameters of [
    form({ client_id: 'app', client_secret: 's3cret' }),
    form({ client_secret: 'x' }),
    form({ client_assertion: 'x' }),
    form({ client_assertion_type: 'x' }),
  ])
    await t.rejects(authenticate({ authorization, parameters }), malformed)
  const both = form({ client_id: 'post', client_secret: 's3cret', client_assertion: 'x' })
  await t.rejects(authenticate({ parameters: both }), malformed)
})

t.test('T1 a method that is not the registered one is refused', async (t) => {
  await t.rejects(authenticate({ authorization: basic('post', 's3cret') }), refused)
  await t.rejects(authenticate({ parameters: form({ client_id: 'app', client_secret: 's3cret' }) }), refused)
  await t.rejects(
    authenticate({ parameters: form({ client_id: 'app' }) }),
    refused,
    'a confidential client as a public one',
  )
  await t.rejects(authenticate({ parameters: form({ client_id: 'spa', client_secret: 's3cret' }) }), refused)
  await t.rejects(authenticate({ authorization: basic('spa', '') }), refused)
})

t.test('T2 malformed headers are refused, and crash nothing', async (t) => {
  const b64 = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
  for (const authorization of [
    '',
    'Bearer',
    'Bearer x',
    'Basic',
    'Basic ',
    'Basic ===',
    'Basic !',
    'Basic =',
    'Basic a b',
    b64('no colon'),
    b64(':s3cret'),
    b64(':'),
    b64('app:'),
    b64('\u0000:x'),
    b64('app\u0000:s3cret'),
    b64('%00:x'),
    b64('%:%'),
    'Basic /////w==',
    'Digest x',
    'DPoP x',
    ',',
  ])
    await t.rejects(authenticate({ authorization }), refused, JSON.stringify(authorization))
  await t.rejects(authenticate({ authorization: 'Bearer x', parameters: form({ client_id: 'spa' }) }), refused)
  await t.rejects(authenticate({ authorization: `Basic ${'A'.repeat(100 * 1024)}` }), malformed)
  await t.rejects(authenticate({ authorization: basic('app', 's3cret'), repeated: true }), malformed)
  await t.rejects(authenticate({ parameters: form('client_id=spa&client_id=spa') }), malformed)
  await t.rejects(authenticate({ parameters: form('client_secret=x') }), malformed)
  await t.rejects(authenticate({}), refused)
})

t.test('R9 wrong, unknown, disabled, expired: one answer', async (t) => {
  const past = new Date('2026-01-01T00:00:00Z')
  const { authenticate } = anAuthentication([
    byBasic,
    aClient({ client_id: 'off', secret: 's3cret', disabledAt: past }),
    aClient({ client_id: 'old', secrets: [aSecret('s3cret', past)] }),
    aClient({ client_id: 'none' }),
    aClient({ client_id: 'damaged', secrets: [{ ...aSecret('s3cret'), hash: Buffer.alloc(3) }] }),
    aClient({ client_id: 'offspa', token_endpoint_auth_method: 'none', disabledAt: past }),
  ])
  for (const [id, secret] of [
    ['app', 'wrong'],
    ['app', ''],
    ['nobody', 's3cret'],
    ['off', 's3cret'],
    ['old', 's3cret'],
    ['none', ''],
    ['damaged', 's3cret'],
    ['APP', 's3cret'],
    ['app ', 's3cret'],
    ['a'.repeat(300), 's3cret'],
  ] as const)
    await t.rejects(authenticate({ authorization: basic(id, secret) }), refused, id)
  for (const client_id of ['nobody', 'offspa'])
    await t.rejects(authenticate({ parameters: form({ client_id }) }), refused)
})

t.test('two secrets overlap while one is replaced', async (t) => {
  const client = aClient({ secrets: [aSecret('old', new Date('2026-07-01T00:00:00Z')), aSecret('new')] })
  const { authenticate } = anAuthentication([client])
  t.equal(await authenticate({ authorization: basic('app', 'old') }), client)
  t.equal(await authenticate({ authorization: basic('app', 'new') }), client)
  const later = anAuthentication([client], { now: new Date('2026-07-01T00:00:00Z') })
  await t.rejects(later.authenticate({ authorization: basic('app', 'old') }), refused)
})

t.test('RFC 6749 §2.3: client_id in the body is the authenticated one', async (t) => {
  const authorization = basic('app', 's3cret')
  await t.rejects(authenticate({ authorization, parameters: form({ client_id: 'spa' }) }), refused)
  await t.rejects(authenticate({ authorization, parameters: form({ client_id: 'nobody' }) }), refused)
})

t.test('T2 arbitrary headers and bodies throw nothing but an OAuthError', async () => {
  const base64 = fc.string({ unit: 'binary' }).map((text) => `Basic ${Buffer.from(text).toString('base64')}`)
  const header = fc.oneof(
    base64,
    fc.string(),
    fc.string().map((text) => `Basic ${text}`),
    fc.constant(undefined),
  )
  const name = fc.constantFrom('client_id', 'client_secret', 'client_assertion', 'client_assertion_type')
  const body = fc.dictionary(name, fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('spa', 'app', 'post')))
  await fc.assert(
    fc.asyncProperty(header, body, async (authorization, parameters) => {
      try {
        await authenticate({ authorization, parameters: form(parameters) })
      } catch (error) {
        if (!(error instanceof OAuthError)) throw error
      }
    }),
    { numRuns: 500 },
  )
})
