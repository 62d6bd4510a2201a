import { UnsecuredJWT } from 'jose'
import t from 'tap'
import { aKeyedClient, otherKey, rsaKey, type Signing } from '../support/fapi.ts'
import { rows } from '../support/rows.ts'
import { aTlsServer } from '../support/tls-server.ts'

/** FAPI 2.0 Security Profile with private_key_jwt: what is no proof of the client, at the first endpoint that asks for one. */
const server = await aTlsServer(t)
const { body: discovery } = await server.get('/.well-known/openid-configuration')
const bank = await aKeyedClient(server, { profile: 'fapi2' })
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

type Form = Record<string, string>
type Case = readonly [title: string, form: () => Promise<Form>]

/** A good assertion but for these changes. */
const asserting = async (changes: Record<string, unknown> = {}, signing: Signing = {}) => ({
  client_assertion_type: assertionType,
  client_assertion: await bank.assertion({ nbf: bank.now(), ...changes }, signing),
})
const claiming = (title: string, changes: (now: number) => Record<string, unknown>): Case => [
  title,
  () => asserting(changes(bank.now())),
]
const push = (form: Form) => server.post('/oauth2/par', { ...bank.parameters().parameters, ...form })

/** A signature of the right length, of nothing. */
const broken = (jwt: string): string => {
  const [head, payload, signature = ''] = jwt.split('.')
  const bytes = Buffer.from(signature, 'base64url').map((byte) => byte ^ 0x5a)
  return `${head}.${payload}.${Buffer.from(bytes).toString('base64url')}`
}

const cases: readonly Case[] = [
  ['no assertion', async () => ({})],
  ['no client_assertion_type', async () => ({ client_assertion: (await asserting()).client_assertion })],
  [
    'another client_assertion_type',
    async () => ({
      ...(await asserting()),
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:invalid',
    }),
  ],
  ['the type alone', async () => ({ client_assertion_type: assertionType })],
  claiming('no sub', () => ({ sub: undefined })),
  claiming('another sub', () => ({ sub: 'somebody' })),
  claiming('no iss', () => ({ iss: undefined })),
  claiming('another iss', () => ({ iss: 'somebody' })),
  claiming('no aud', () => ({ aud: undefined })),
  claiming('an unrelated aud', () => ({ aud: 'https://elsewhere.example/userinfo' })),
  claiming('aud is this endpoint', () => ({ aud: discovery.pushed_authorization_request_endpoint })),
  claiming('aud is the token endpoint', () => ({ aud: discovery.token_endpoint })),
  claiming('aud is a list with the issuer', () => ({ aud: [discovery.issuer, discovery.token_endpoint] })),
  claiming('exp five minutes ago', (now) => ({ exp: now - 300 })),
  claiming('iat, nbf and exp 62 s later', (now) => ({ iat: now + 62, nbf: now + 62, exp: now + 122 })),
  ['RS256', () => asserting({}, { header: { alg: 'RS256', kid: 'rsa' }, key: rsaKey.privateKey })],
  [
    'alg none',
    async () => {
      const now = bank.now()
      const { client_id } = bank
      const claims = { iss: client_id, sub: client_id, aud: server.issuer, jti: 'unsecured', iat: now, exp: now + 60 }
      return { client_assertion_type: assertionType, client_assertion: new UnsecuredJWT(claims).encode() }
    },
  ],
  [
    'a broken signature',
    async () => {
      const form = await asserting()
      return { ...form, client_assertion: broken(form.client_assertion) }
    },
  ],
  ['the key of somebody else', () => asserting({}, { key: otherKey.privateKey })],
]

t.test('fapi2-security-profile-final-ensure-invalid-client-assertions-fail: one after the other at PAR', async (t) => {
  const before = await rows(server)
  for (const [title, form] of cases) {
    const { status, body } = await push(await form())
    t.match(String(status), /^40[01]$/, `${title}: ${status}`)
    t.match(body.error, /^invalid_(?:client|request)$/, title)
    t.notOk('request_uri' in body, title)
  }
  t.same(await rows(server), before, 'nothing is kept, and no jti is spent')

  const { status } = await push(await asserting({ iat: bank.now() + 8, nbf: bank.now() + 8 }))
  t.equal(status, 201, 'FAPI 2.0 §5.3.2.1: eight seconds ahead are none')
  const valid = await push(await asserting())
  t.match(valid, { status: 201, body: { request_uri: String, expires_in: Number } }, 'it was the assertions')
})
