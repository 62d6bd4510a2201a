import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSign,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'
import { createServer, request as httpRequest } from 'node:http'
import { SignJWT } from 'jose'
import t, { type Test } from 'tap'
import { aSecret } from '../support/clients.ts'
import { dumpOf } from '../support/dump.ts'
import { type Answer, aServer, claims } from '../support/server.ts'

const api = 'https://api.example'
const server = await aServer(t)
const beside = await aServer(t, { beside: server })
const alice = await server.aPerson()
const visitor = server.visitor()
const machineMetadata = { grant_types: ['client_credentials'], redirect_uris: [], scope: 'read', resources: [api] }
const machine = await server.anApp(machineMetadata)
const app = await server.anApp({ first_party: true, resources: [api] })
const grant = { grant_type: 'client_credentials' }
const refusedClient = { status: 401, body: { error: 'invalid_client' } }
const malformed = { status: 400, body: { error: 'invalid_request' } }
const dump = () => dumpOf(server.databaseUrl)
const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
const isChallenged = (t: Test, { headers }: Answer) => t.match(headers.get('www-authenticate'), /^Basic realm=/, 'T3')

/** A request that fetch would not send. */
const raw = (headers: readonly string[], body = new URLSearchParams(grant).toString(), path = '/oauth2/token') =>
  new Promise<{ status: number; text: string }>((resolve, reject) => {
    const { hostname, port } = new URL(server.issuer)
    const given = [
      'Host',
      'x',
      'Content-Type',
      'application/x-www-form-urlencoded',
      'Content-Length',
      String(body.length),
    ]
    const outgoing = httpRequest(
      { hostname, port, path, method: 'POST', headers: [...given, ...headers] },
      (answer) => {
        let text = ''
        answer.on('data', (chunk) => {
          text += String(chunk)
        })
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }))
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })

t.test('T1 the Basic header is read form-encoded, as RFC 6749 §2.3.1 has it, and as it comes', async (t) => {
  const odd = { id: `https://c.example/a b:c%d+é`, secret: 'p:%41+ß' }
  const { stores, clock } = server
  const registered = await stores.clients.find(machine.client_id)
  if (!registered) throw new Error('no client')
  const { client_id: _, secrets: __, disabledAt: ___, notBefore: ____, createdAt: _____, ...metadata } = registered
  await stores.clients.create(odd.id, metadata, [aSecret(odd.secret)], clock.now())
  const encode = (text: string) => encodeURIComponent(text).replaceAll('%20', '+')

  const encoded = await server.post('/oauth2/token', grant, undefined, {
    authorization: basic(encode(odd.id), encode(odd.secret)),
  })
  t.match(encoded, { status: 200, body: { token_type: 'Bearer' } })
  for (const [id, secret] of [
    [encode(odd.id), encode(`${odd.secret}x`)],
    [encode(odd.id), encode('p:A+ß')],
    [encode(odd.id), ''],
  ] as const)
    t.match(await server.post('/oauth2/token', grant, undefined, { authorization: basic(id, secret) }), refusedClient)
})

t.test('T1 two methods in one request, or another than the registered one', async (t) => {
  const { client_id, secret = '' } = machine
  const both = await server.post('/oauth2/token', { ...grant, client_id, client_secret: secret }, machine)
  t.match(both, malformed, 'RFC 6749 §2.3: at most one method')
  const posted = await server.post('/oauth2/token', { ...grant, client_id, client_secret: secret })
  t.match(posted, refusedClient, 'registered for Basic')
  isChallenged(t, posted)
  const named = await server.post('/oauth2/token', { ...grant, client_id })
  t.match(named, refusedClient, 'a confidential client that only says its name')

  const posting = await server.anApp({ ...machineMetadata, token_endpoint_auth_method: 'client_secret_post' })
  t.match(await server.post('/oauth2/token', grant, posting), refusedClient, 'and the other way round')
  const { client_id: id, secret: right = '' } = posting
  t.match(await server.post('/oauth2/token', { ...grant, client_id: id, client_secret: right }), { status: 200 })
  t.match(await server.post('/oauth2/token', { ...grant, client_id: id, client_secret: 'wrong' }), refusedClient)
  t.match(await server.post('/oauth2/token', { ...grant, client_id: id }, machine), refusedClient, 'two clients')
})

t.test(
  'T1 a client that is unknown, disabled, or whose secret has expired, gets one and the same answer',
  async (t) => {
    const gone = await server.anApp(machineMetadata)
    await server.stores.clients.disable(gone.client_id, server.clock.now())
    const expired = await server.anApp(machineMetadata)
    const [first] = (await server.stores.clients.find(expired.client_id))?.secrets ?? []
    await server.stores.clients.expireSecret(expired.client_id, first?.id ?? '', server.clock.now())
    const answers = [
      await server.post('/oauth2/token', grant, gone),
      await server.post('/oauth2/token', grant, expired),
      await server.post('/oauth2/token', grant, { ...machine, secret: 'wrong' }),
      await server.post('/oauth2/token', grant, { ...machine, client_id: 'nobody' }),
      await server.post('/oauth2/token', grant),
    ]
    for (const answer of answers) {
      t.match(answer, refusedClient)
      t.equal(answer.body.error_description, 'Client authentication failed.')
      t.equal(answer.headers.get('cache-control'), 'no-store', 'T3')
      isChallenged(t, answer)
    }
  },
)

t.test('T2 malformed headers are refused, never a failure of ours', async (t) => {
  const before = await dump()
  const good = basic(machine.client_id, machine.secret ?? '')
  const headers = [
    'Bearer',
    'Bearer x',
    'Basic',
    'Basic ',
    'Basic ===',
    'Basic :',
    'Basic !!!!',
    `Basic ${Buffer.from('no colon').toString('base64')}`,
    `Basic ${Buffer.from(':empty id').toString('base64')}`,
    `Basic ${Buffer.from('a\0b:c').toString('base64')}`,
    `Basic ${Buffer.from([0xff, 0xfe, 0x3a, 0xff]).toString('base64')}`,
    `Basic ${Buffer.from('%:%').toString('base64')}`,
    'Digest username="a"',
    'DPoP abc',
    ',',
    `${good}, ${good}`,
  ]
  for (const authorization of headers) {
    const answer = await server.post('/oauth2/token', grant, undefined, { authorization })
    t.match(answer, refusedClient, JSON.stringify(authorization))
    isChallenged(t, answer)
  }
  for (const pair of [
    [good, good],
    [good, 'Basic'],
    ['', good],
  ] as const) {
    const { status, text } = await raw(pair.flatMap((value) => ['Authorization', value]))
    t.equal(status, 400, 'two Authorization headers')
    t.match(JSON.parse(text), { error: 'invalid_request' })
  }
  const long = await raw(['Authorization', `Basic ${'A'.repeat(10_000)}`])
  t.equal(long.status, 400)
  const overlong = await raw(['Authorization', `Basic ${'A'.repeat(100 * 1024)}`])
  t.equal(overlong.status, 431)
  t.match(JSON.parse(overlong.text), { error: 'invalid_request' })
  t.equal(await dump(), before, 'nothing was changed')
})

t.test('T3 every answer of the token endpoint says no-store', async (t) => {
  for (const answer of [
    await server.post('/oauth2/token', grant, machine),
    await server.post('/oauth2/token', grant),
    await server.post('/oauth2/token', {}, machine),
    await server.post('/oauth2/token', new URLSearchParams('a=1&a=2')),
    await server.post('/oauth2/token', grant, machine, { 'content-type': 'text/plain' }),
  ])
    t.equal(answer.headers.get('cache-control'), 'no-store', String(answer.status))
})

const pem = (key: KeyObject) => String(key.export({ type: 'spki', format: 'pem' }))
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ed = generateKeyPairSync('ed25519')
const jwks = {
  keys: [
    { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'rsa' },
    { ...ec.publicKey.export({ format: 'jwk' }), kid: 'ec' },
    { ...ed.publicKey.export({ format: 'jwk' }), kid: 'ed' },
  ],
}
const keyed = { ...machineMetadata, token_endpoint_auth_method: 'private_key_jwt', jwks }
const asserting = await server.anApp(keyed)
const onlyEs256 = await server.anApp({ ...keyed, token_endpoint_auth_signing_alg: 'ES256' })
let serial = 0
const now = () => Math.floor(server.clock.now().getTime() / 1000)
const payloadOf = (changes: Record<string, unknown> = {}, client_id = asserting.client_id) => ({
  iss: client_id,
  sub: client_id,
  aud: server.issuer,
  jti: `assertion ${serial++}`,
  iat: now(),
  exp: now() + 60,
  ...changes,
})
const sign = (payload: Record<string, unknown>, header: Record<string, unknown> = {}, key = rsa.privateKey) =>
  new SignJWT(payload).setProtectedHeader({ alg: 'RS256', ...header }).sign(key)
const present = (assertion: string, at = server, more: Record<string, string> = {}) =>
  at.post('/oauth2/token', {
    ...grant,
    client_assertion_type: assertionType,
    client_assertion: assertion,
    ...more,
  })
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const spent = () => dumpOf(server.databaseUrl, ['spent_jtis'])

t.test('T4 a client assertion: what it must say, and what not', async (t) => {
  t.match(await present(await sign(payloadOf())), { status: 200 })
  t.match(await present(await sign(payloadOf(), { typ: 'JWT', kid: 'rsa' })), { status: 200 })
  t.match(await present(await sign(payloadOf({ iat: now() + 8, nbf: now() + 8 }))), { status: 200 }, '8 s ahead')
  const before = await spent()

  const wrong: readonly [string, Record<string, unknown>, Record<string, unknown>?][] = [
    ['iss of another', { iss: machine.client_id }],
    ['sub of another', { sub: machine.client_id }],
    ['sub of nobody', { sub: 'nobody', iss: 'nobody' }],
    ['no iss', { iss: undefined }],
    ['no sub', { sub: undefined }],
    ['sub is an object', { sub: { a: 1 } }],
    ['aud of another server', { aud: 'https://elsewhere.example' }],
    ['aud is an array', { aud: [server.issuer] }],
    ['aud with another server', { aud: [server.issuer, 'https://elsewhere.example'] }],
    ['aud is the endpoint', { aud: `${server.issuer}/oauth2/token` }],
    ['aud with a slash', { aud: `${server.issuer}/` }],
    ['no aud', { aud: undefined }],
    ['no exp', { exp: undefined }],
    ['exp has passed', { exp: now() - 31 }],
    ['exp in a year', { exp: now() + 31_536_000 }],
    ['exp is text', { exp: 'tomorrow' }],
    ['iat 61 s ahead', { iat: now() + 61 }],
    ['nbf 61 s ahead', { nbf: now() + 61 }],
    ['no jti', { jti: undefined }],
    ['jti is empty', { jti: '' }],
    ['jti is a number', { jti: 7 }],
    ...['at+jwt', 'dpop+jwt', 'logout+jwt', 'oauth-authz-req+jwt', 'secevent+jwt', 'id_token'].map(
      (typ): [string, Record<string, unknown>, Record<string, unknown>] => [`typ ${typ}`, {}, { typ }],
    ),
  ]
  for (const [why, changes, header] of wrong)
    t.match(await present(await sign(payloadOf(changes), header)), refusedClient, why)

  t.match(
    await present(await sign(payloadOf()), server, { client_assertion_type: 'urn:other' }),
    refusedClient,
    'another type of assertion',
  )
  t.match(await present(await sign(payloadOf()), server, { client_id: machine.client_id }), refusedClient)
  t.equal(await spent(), before, 'none of them spent a jti')
})

t.test(
  'T4 alg none, HS256 with the public key as secret, and an algorithm that is not the registered one',
  async (t) => {
    const before = await spent()
    for (const alg of ['none', 'None', 'NONE', ''])
      t.match(await present(`${encoded({ alg })}.${encoded(payloadOf())}.`), refusedClient, `alg ${alg}`)
    for (const secret of [pem(rsa.publicKey), JSON.stringify(jwks.keys[0]), String(jwks.keys[0]?.n)]) {
      const signed = `${encoded({ alg: 'HS256', kid: 'rsa' })}.${encoded(payloadOf())}`
      const mac = createHmac('sha256', secret).update(signed).digest('base64url')
      t.match(await present(`${signed}.${mac}`), refusedClient, 'HS256')
    }
    const { client_id } = onlyEs256
    t.match(await present(await sign(payloadOf({}, client_id))), refusedClient, 'RS256 where ES256 is registered')
    t.equal(await spent(), before)
    t.match(await present(await sign(payloadOf({}, client_id), { alg: 'ES256' }, ec.privateKey)), { status: 200 })
    for (const [alg, key] of [
      ['PS256', rsa.privateKey],
      ['ES256', ec.privateKey],
      ['EdDSA', ed.privateKey],
    ] as const)
      t.match(await present(await sign(payloadOf(), { alg }, key)), { status: 200 }, `K4: ${alg}, which is advertised`)
  },
)

t.test('T4 a jti counts once: again, in parallel, and at the other server', async (t) => {
  const assertion = await sign(payloadOf())
  t.match(await present(assertion), { status: 200 })
  t.match(await present(assertion), refusedClient)
  t.match(await present(assertion, beside), refusedClient, 'the second node')
  const fresh = await sign(payloadOf())
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => present(fresh, index % 2 ? server : beside)),
  )
  t.equal(answers.filter(({ status }) => status === 200).length, 1)
  for (const { status, body } of answers) if (status !== 200) t.equal(body.error, 'invalid_client')
})

/** A server that must not be called. */
const aTrap = (t: Test, called: () => void) =>
  new Promise<string>((resolve) => {
    const trap = createServer((_request, response) => {
      called()
      response.end('{}')
    })
    t.teardown(() => trap.close())
    trap.listen(0, '127.0.0.1', () => {
      const address = trap.address()
      resolve(`http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`)
    })
  })

t.test('T5 keys that the header brings, and headers that want to be understood', async (t) => {
  const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = foreign.publicKey.export({ format: 'jwk' })
  let fetched = 0
  const trap = await aTrap(t, () => fetched++)
  const headers: readonly Record<string, unknown>[] = [
    { jwk },
    { jku: `${trap}/jwks.json` },
    { x5u: `${trap}/cert.pem` },
    { x5c: ['MIIB'] },
    { kid: '../../../etc/passwd' },
    { kid: "' OR 1=1 --" },
    { kid: 'x'.repeat(10 * 1024) },
    { kid: { $ne: null } },
    { kid: machine.client_id },
  ]
  const before = await spent()
  for (const header of headers) {
    const assertion = `${encoded({ alg: 'RS256', ...header })}.${encoded(payloadOf())}`
    for (const key of [foreign.privateKey, rsa.privateKey]) {
      const signature = createSign('sha256').update(assertion).sign(key, 'base64url')
      const answer = await present(`${assertion}.${signature}`)
      // With the registered key the header alone must not do harm: a key it brings is not looked at.
      if (key === rsa.privateKey && !('kid' in header)) t.equal(answer.status, 200, JSON.stringify(header).slice(0, 60))
      else t.match(answer, refusedClient, JSON.stringify(header).slice(0, 60))
    }
  }
  for (const header of [{ crit: ['x'], x: 1 }, { crit: [] }, { b64: false, crit: ['b64'] }, { b64: false }]) {
    const assertion = `${encoded({ alg: 'RS256', ...header })}.${encoded(payloadOf())}`
    const signature = createSign('sha256').update(assertion).sign(rsa.privateKey, 'base64url')
    t.match(await present(`${assertion}.${signature}`), refusedClient, JSON.stringify(header))
  }
  t.equal(fetched, 0, 'nothing was fetched')
  t.equal((await spent()).split('\n').length, before.split('\n').length + 4, 'only the four good ones were spent')
})

t.test('T6 signatures that are none', async (t) => {
  const signed = `${encoded({ alg: 'ES256', kid: 'ec' })}.${encoded(payloadOf())}`
  const der = createSign('sha256').update(signed).sign(ec.privateKey)
  const right = createSign('sha256').update(signed).sign({ key: ec.privateKey, dsaEncoding: 'ieee-p1363' })
  const before = await spent()
  const signatures: readonly [string, Buffer][] = [
    ['r = s = 0', Buffer.alloc(64)],
    ['DER', der],
    ['too short', right.subarray(0, 63)],
    ['too long', Buffer.concat([right, Buffer.alloc(1)])],
    ['empty', Buffer.alloc(0)],
    ['one bit', Buffer.from(right.map((byte, at) => (at === 40 ? byte ^ 1 : byte)))],
  ]
  for (const [why, signature] of signatures)
    t.match(await present(`${signed}.${signature.toString('base64url')}`), refusedClient, why)
  t.equal(await spent(), before)
  t.match(await present(`${signed}.${right.toString('base64url')}`), { status: 200 }, 'the right one still counts')
})

t.test('T6 weak keys cannot be registered', async (t) => {
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
  const point = ec.publicKey.export({ format: 'jwk' })
  const keys = [
    short,
    { ...point, y: point.x },
    { kty: 'OKP', crv: 'Ed25519', x: Buffer.alloc(32).toString('base64url') },
    { kty: 'oct', k: 'c2VjcmV0' },
    createPrivateKey(rsa.privateKey.export({ type: 'pkcs8', format: 'pem' })).export({ format: 'jwk' }),
    createPublicKey(
      generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ type: 'spki', format: 'pem' }),
    ).export({
      format: 'jwk',
    }),
  ]
  for (const key of keys)
    await t.rejects(
      server.anApp({ ...keyed, jwks: { keys: [key] } }),
      { code: 'invalid_client_metadata' },
      String(key.kty),
    )
})

t.test('T9 grant types: not allowed, password, unknown, missing, twice', async (t) => {
  const before = await dump()
  const ask = (form: Record<string, string> | string, who = machine) =>
    server.post('/oauth2/token', new URLSearchParams(form), who)
  t.match(await ask({ grant_type: 'authorization_code', code: 'x' }), {
    status: 400,
    body: { error: 'unauthorized_client' },
  })
  t.match(await ask(grant, app), { status: 400, body: { error: 'unauthorized_client' } })
  const unsupported = { status: 400, body: { error: 'unsupported_grant_type' } }
  for (const grant_type of [
    'password',
    'implicit',
    'urn:ietf:params:oauth:grant-type:device_code',
    'urn:ietf:params:oauth:grant-type:token-exchange',
    'CLIENT_CREDENTIALS',
    'client_credentials ',
    '__proto__',
    'constructor',
  ])
    t.match(await ask({ grant_type, username: 'alice', password: alice.password }), unsupported, grant_type)
  t.match(await ask({}), malformed)
  t.match(await ask({ grant_type: '' }), malformed, 'empty is omitted')
  t.match(await ask('grant_type=client_credentials&grant_type=client_credentials'), malformed, 'R7')
  t.match(await ask('grant_type[]=client_credentials'), malformed)
  t.match(await server.post('/oauth2/token?grant_type=client_credentials', {}, machine), malformed, 'in the address')
  t.equal((await server.get('/oauth2/token')).status, 404)
  t.equal(await dump(), before)
})

t.test('T11 resources', async (t) => {
  const two = await server.anApp({ ...machineMetadata, resources: [api, 'https://files.example'] })
  const ask = (resources: readonly string[], who = two) =>
    server.post(
      '/oauth2/token',
      new URLSearchParams([['grant_type', 'client_credentials'], ...resources.map((one) => ['resource', one])]),
      who,
    )
  t.equal(claims((await ask([])).body.access_token).aud, api, 'the default one')
  t.equal(claims((await ask(['https://files.example'])).body.access_token).aud, 'https://files.example')
  t.same(claims((await ask([api, 'https://files.example'])).body.access_token).aud, [api, 'https://files.example'])
  const invalid = { status: 400, body: { error: 'invalid_target' } }
  for (const resource of [
    'https://unknown.example',
    `${api}/`,
    'HTTPS://API.EXAMPLE',
    '/api',
    'api',
    `${api}#f`,
    `${api}#`,
    'https://api.example@evil.example',
    'javascript:alert(1)',
    "https://api.example' OR 1=1",
  ])
    t.match(await ask([resource]), invalid, resource)
  t.match(await ask([api, 'https://unknown.example']), invalid, 'one of two')
  t.match(await ask(Array.from({ length: 90 }, (_, index) => `https://r${index}.example`)), invalid)
  t.equal((await ask(Array.from({ length: 100 }, () => api))).status, 400, 'a hundred')
  t.match(await ask(['https://files.example'], machine), invalid, "another client's resource")
})

t.test('T12 an access token is what RFC 9068 says', async (t) => {
  const { access_token, id_token } = await server.logIn(alice, app, {}, visitor)
  const [header = ''] = access_token.split('.')
  t.match(JSON.parse(Buffer.from(header, 'base64url').toString()), { typ: 'at+jwt', alg: 'RS256', kid: String })
  const token = claims(access_token)
  t.match(token, { iss: server.issuer, aud: api, sub: alice.id, client_id: app.client_id, jti: /\.1$/ })
  t.equal(Number(token.exp) - Number(token.iat), 600)

  const before = await dump()
  for (const assertion of [access_token, id_token]) {
    t.match(await present(assertion), refusedClient, 'neither is a client assertion')
    t.match(await server.refresh(app, assertion), { status: 400, body: { error: 'invalid_grant' } })
  }
  t.equal(await dump(), before)
})

t.test('T13 a client token: its subject is the client, which cannot be a person', async (t) => {
  const { body } = await server.post('/oauth2/token', { ...grant, scope: 'read' }, machine)
  t.same(Object.keys(body).sort(), ['access_token', 'expires_in', 'scope', 'token_type'], 'RFC 6749 §4.4.3')
  t.match(claims(body.access_token), { sub: machine.client_id, client_id: machine.client_id })
  t.notMatch(machine.client_id, /^[0-9a-f]{8}-[0-9a-f]{4}-/)
  for (const name of ['sid', 'auth_time', 'acr']) t.notOk(name in claims(body.access_token), name)
  for (const scope of ['openid', 'offline_access', 'admin', 'read write'])
    t.match(await server.post('/oauth2/token', { ...grant, scope }, machine), {
      status: 400,
      body: { error: 'invalid_scope' },
    })
  const before = await dump()
  for (let index = 0; index < 5; index++) await server.post('/oauth2/token', grant, machine)
  t.equal(await dump(), before, 'it touches no row at all')
})
