import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { mockIssuer } from '../../src/resource-server/testing/index.ts'
import { freePort } from '../support/free-port.mjs'
import { until } from '../support/until.ts'

const hasNginx = await promisify(execFile)('nginx', ['-v']).then(
  () => true,
  () => false,
)
const skip = hasNginx ? false : 'nginx is not installed (apt-get install nginx-light)'

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = new Promise((resolve) => child.once('exit', resolve))
  child.kill()
  await exit
}

/** The files of deploy/nginx as they stand there, but for their ports and for where the SDK lies. */
t.test('nginx protects a plain upstream with the files of deploy/nginx', { skip }, async (t) => {
  const issuer = await mockIssuer()
  const seen: IncomingHttpHeaders[] = []
  const upstream = createServer((request, response) => {
    seen.push(request.headers)
    response.writeHead(request.url === '/orders/broken' ? 500 : 200).end('orders')
  })
  const [front, verifierPort, apiPort] = [await freePort(), await freePort(), await freePort()]
  await new Promise<void>((resolve) => upstream.listen(apiPort, '127.0.0.1', resolve))
  const folder = await mkdtemp(join(tmpdir(), 'tessera-nginx-'))

  const program = (await readFile('deploy/nginx/verifier.mjs', 'utf8')).replace(
    "'tessera/resource-server'",
    JSON.stringify(new URL('../../src/resource-server/index.ts', import.meta.url)),
  )
  await writeFile(join(folder, 'verifier.mjs'), program)
  const publicUrl = 'https://api.example'
  const env = {
    ...process.env,
    PUBLIC_URL: publicUrl,
    NONCE_SECRET: 'the secret of the verifiers of a test',
    ISSUER: issuer.issuer,
    AUDIENCE: issuer.audience,
    PORT: String(verifierPort),
  }
  const said: string[] = []
  const start = () => {
    const started = spawn(process.execPath, ['--import=tsx', join(folder, 'verifier.mjs')], { env })
    for (const out of [started.stdout, started.stderr]) out.on('data', (chunk) => said.push(String(chunk)))
    return started
  }
  let verifier = start()

  const asItStands = await readFile('deploy/nginx/tessera.conf', 'utf8')
  const [orders = ''] = /^ {2}location \/orders \{[\s\S]*?^ {2}\}\n/m.exec(asItStands) ?? []
  const located = (path: string, scope: string) => orders.replace('/orders', path).replace('orders.read', scope)
  const conf = asItStands
    .replace(orders, orders + located('/reports', 'reports.read reports.write') + located('/odd', 'a&scope=b%20#?+'))
    .replaceAll('8080', String(front))
    .replaceAll('9090', String(verifierPort))
    .replaceAll('8081', String(apiPort))
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((one) => `${one}_temp_path ${folder}/${one};`)
  await writeFile(
    join(folder, 'nginx.conf'),
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;\nevents {}\nhttp {\naccess_log off; ${paths.join(' ')}\n${conf}\n}\n`,
  )
  const nginx = spawn('nginx', ['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')])
  nginx.stderr.on('data', (chunk) => said.push(String(chunk)))
  t.teardown(async () => {
    await Promise.all([ended(nginx), ended(verifier)])
    await new Promise((resolve) => upstream.close(resolve))
    await issuer.close()
    await rm(folder, { recursive: true, force: true })
  })

  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`http://127.0.0.1:${front}${path}`, { headers })
  await until(async () => {
    if (nginx.exitCode !== null) throw new Error(said.join(''))
    return said.join('').includes('ready on')
  })
  await until(() =>
    get('/').then(
      () => true,
      () => false,
    ),
  )

  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
  const good = await issuer.issue({ sub: 'älice\n', scope: 'orders.read' })
  const forged = {
    'x-required-scope': '',
    X_Required_Scope: '',
    'x-user': 'root',
    'X-USER': 'root',
    x_user: 'root',
    'x-client': 'root',
    'x-scope': 'everything',
  }

  // Until the verifier has the first list of what was revoked.
  await until(async () => (await get('/orders', bearer(good))).status === 200, 'the verifier')

  const answer = await get('/orders', { ...bearer(good), ...forged })
  t.equal(`${answer.status} ${await answer.text()}`, '200 orders')
  t.match(seen.at(-1), { 'x-user': '%C3%A4lice%0A', 'x-client': 'app', 'x-scope': 'orders.read' })
  t.equal(seen.at(-1)?.authorization, undefined, 'the upstream never sees the token')
  t.notMatch(JSON.stringify(seen.at(-1)), /root|everything/, 'nor what the client says about itself')

  const post = await fetch(`http://127.0.0.1:${front}/orders`, { method: 'POST', body: 'x', headers: bearer(good) })
  t.equal(post.status, 200)
  t.equal((await get('/orders/broken', bearer(good))).status, 500, 'a mistake of the upstream stays its own')

  const realm = `Bearer realm="${issuer.audience}"`
  const algs = 'algs="ES256 PS256 EdDSA Ed25519"'
  const asks = `${realm}, scope="orders.read", DPoP realm="${issuer.audience}", scope="orders.read", ${algs}`
  let served = seen.length
  const refused: readonly (readonly [string, string, Record<string, string>, number, string | null, string?])[] = [
    ['no token (RFC 6750 §3.1)', '/orders', {}, 401, asks, ''],
    ['no token, but a name', '/orders', forged, 401, asks, ''],
    [
      'a bad token',
      '/orders',
      bearer('abc'),
      401,
      `${realm}, error="invalid_token", error_description="The access token is expired, revoked, malformed, or invalid for other reasons"`,
      '{"error":"invalid_token"}',
    ],
    [
      'a token without the scope',
      '/orders',
      bearer(await issuer.issue()),
      403,
      `${realm}, error="insufficient_scope", error_description="The request requires higher privileges than provided by the access token", scope="orders.read"`,
      '{"error":"insufficient_scope"}',
    ],
    [
      'a token in the query',
      `/orders?access_token=${good}`,
      {},
      400,
      `${realm}, error="invalid_request", error_description="The access token must be sent once, in the Authorization header field"`,
      '{"error":"invalid_request"}',
    ],
    [
      "a scope of the client's choice",
      '/orders?scope=read',
      bearer(await issuer.issue()),
      403,
      `${realm}, error="insufficient_scope", error_description="The request requires higher privileges than provided by the access token", scope="orders.read"`,
    ],
    ['the inner address', '/_tessera', bearer(good), 404, null],
  ]
  for (const [title, path, headers, status, challenge, body] of refused) {
    const response = await get(path, headers)
    t.equal(response.status, status, title)
    t.equal(response.headers.get('www-authenticate'), challenge, title)
    if (body !== undefined) t.equal(await response.text(), body, title)
  }

  const withScope = async (path: string, scope: string, headers: Record<string, string> = {}) =>
    (await get(path, { ...headers, ...bearer(await issuer.issue({ scope })) })).status
  const own = { 'X-Required-Scope': 'reports.read' }
  t.equal(await withScope('/reports', 'reports.read'), 403, 'one scope of two')
  t.equal(await withScope('/reports', 'reports.read', own), 403, 'one of two, and a word of his own')
  t.equal(await withScope('/odd', 'a'), 403, 'what comes before an ampersand')
  t.equal(await withScope('/odd', 'a scope=b b a&scope=b'), 403, 'pieces of a scope')

  t.equal(seen.length, served, 'nothing of this reached the upstream')

  t.equal(await withScope('/reports', 'reports.write other reports.read'), 200, 'both')
  t.equal(await withScope('/odd', 'a&scope=b%20#?+'), 200, 'any scope of RFC 6749 §3.3')
  served = seen.length

  const key = await issuer.proofKey()
  const token = await issuer.issue({ scope: 'orders.read', cnf: { jkt: key.jkt } })
  const url = `${publicUrl}/orders`
  const asked = await get('/orders', await key.headers({ url, token }))
  t.equal(asked.status, 401, 'a proof without the nonce that the verifier asks for (RFC 9449 §9)')
  t.match(asked.headers.get('www-authenticate'), /error="use_dpop_nonce"/)
  const nonce = asked.headers.get('dpop-nonce') ?? 'none'
  const proven = await key.headers({ url, token, nonce })
  t.equal((await get('/orders?page=1', proven)).status, 200, 'a proof for the public address (RFC 9449 §4.3)')
  t.notMatch(seen.at(-1), { dpop: String })
  t.equal((await get('/orders', proven)).status, 401, 'once')
  t.equal(
    (await get('/orders', await key.headers({ url, token, nonce, method: 'POST' }))).status,
    401,
    'its own method',
  )
  t.equal((await get('/orders', bearer(token))).status, 401, 'and never as a bearer token')
  const x5t = '47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU'
  const certified = bearer(await issuer.issue({ scope: 'orders.read', cnf: { 'x5t#S256': x5t } }))
  t.equal((await get('/orders', { ...certified, 'x-client-cert': '::' })).status, 401, 'no certificate of his own word')
  t.equal(seen.length, served + 1)

  await issuer.revoke({ family: 'family-1' })
  await until(async () => (await get('/orders', bearer(good))).status === 401)
  await until(() => /its family was revoked/.test(said.join('')), 'what the verifier says')

  const before = seen.length
  await ended(verifier)
  const down = await get('/orders', bearer(good))
  t.equal(down.status, 503, 'without a verifier nobody passes')
  t.equal(await down.text(), '{"error":"temporarily_unavailable"}')

  await issuer.close()
  verifier = start()
  const early = async () => {
    const answer = await get('/orders', bearer(good))
    t.equal(answer.status, 503, 'nor by one that has read nothing yet')
    return answer.headers.get('retry-after') === '5'
  }
  await until(early, 'the word of the verifier itself')
  t.equal(seen.length, before)
})
