import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { isLoopbackAddress, isPublicAddress } from '../../src/http/public-address.ts'
import type { Resolve } from '../../src/http/remote-document.ts'
import { Refused } from '../../src/http/remote-document.ts'
import { createRemoteKeys, type RemoteKeysDependencies } from '../../src/http/remote-keys.ts'
import { aClock } from '../support/clock.ts'

const key = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: 'one' }
const set = JSON.stringify({ keys: [key] })

const aReader = (given: Partial<RemoteKeysDependencies> = {}) => {
  const reasons: string[] = []
  const clock = aClock()
  const log = { warn: ({ reason }: { readonly reason: string }) => void reasons.push(reason) }
  const keys = createRemoteKeys({ clock, log, allowLoopback: true, ...given })
  return { clock, reasons, get: (uri: string, refetch = false) => keys.get(uri, { refetch }) }
}

const aKeyServer = async (
  t: Test,
  answer: (response: ServerResponse, request: IncomingMessage) => void,
  host = '127.0.0.1',
) => {
  let requests = 0
  const server = createServer((request, response) => {
    requests++
    answer(response, request)
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return { port, uri: `http://${host}:${port}/jwks`, requests: () => requests }
}

const json = { 'content-type': 'application/json' }

t.test('O2: a key set is read, and what is no key in it is left out (RFC 7517 §5)', async (t) => {
  const body = JSON.stringify({ keys: [key, 'x', null, { kid: 'no kty' }], more: 1 })
  const { uri } = await aKeyServer(t, (response) => response.writeHead(200, json).end(body))
  t.same(await aReader().get(uri), [key])
  const typed = await aKeyServer(t, (response) =>
    response.writeHead(200, { 'content-type': 'application/jwk-set+json; charset=utf-8' }).end(set),
  )
  t.same(await aReader().get(typed.uri), [key])
})

t.test('O2: addresses that are refused before anything is connected to', async (t) => {
  const refused: readonly string[] = [
    'http://keys.example/jwks',
    'ftp://keys.example/jwks',
    'file:///etc/passwd',
    'not a url',
    'https://user:pass@keys.example/jwks',
    'https://keys.example./jwks',
    'https://127.0.0.1/jwks',
    'https://127.0.0.1./jwks',
    'https://127.1/jwks',
    'https://2130706433/jwks',
    'https://0177.0.0.1/jwks',
    'https://0x7f000001/jwks',
    'https://localhost/jwks',
    'https://localhost./jwks',
    'https://[::1]/jwks',
    'https://[::ffff:127.0.0.1]/jwks',
    'https://[::ffff:7f00:1]/jwks',
    'https://[64:ff9b::7f00:1]/jwks',
    'https://[2002:7f00:1::]/jwks',
    'https://0.0.0.0/jwks',
    'https://[::]/jwks',
    'https://169.254.169.254/jwks',
    'https://10.0.0.1/jwks',
    'https://172.16.0.1/jwks',
    'https://172.31.255.255/jwks',
    'https://192.168.1.1/jwks',
    'https://100.64.0.1/jwks',
    'https://[fd00::1]/jwks',
    'https://[fe80::1]/jwks',
    'https://224.0.0.1/jwks',
    'https://255.255.255.255/jwks',
    'https://keys.example:22/jwks',
    'https://keys.example:6379/jwks',
    'https://①②⑦.0.0.1/jwks',
  ]
  const resolve: Resolve = async (name) => (name === 'localhost' ? [{ address: '127.0.0.1', family: 4 }] : [])
  for (const uri of refused) {
    const { get, reasons } = aReader({ allowLoopback: false, resolve })
    t.equal(await get(uri), undefined, uri)
    t.equal(reasons.length, 1)
    t.notMatch(reasons[0], /reached|long/, `${uri} was refused before it was tried`)
  }
})

t.test('O2: allowing loopback allows loopback alone', async (t) => {
  for (const uri of [
    'https://10.0.0.1/jwks',
    'https://169.254.169.254/jwks',
    'http://10.0.0.1/jwks',
    'http://0.0.0.0/jwks',
    'http://keys.example/jwks',
    'http://127.0.0.1.example/jwks',
    'http://localhost:6379/jwks',
  ]) {
    const { get, reasons } = aReader({ resolve: async () => [{ address: '192.168.0.1', family: 4 }] })
    t.equal(await get(uri), undefined, uri)
    t.notMatch(reasons[0], /reached|long/, uri)
  }
})

t.test('O2: a name is judged by where it leads', async (t) => {
  const leads: readonly (readonly string[])[] = [
    ['10.0.0.1'],
    ['127.0.0.1'],
    ['fd00::1'],
    ['::ffff:10.0.0.1'],
    ['fe80::1%lo'],
    ['93.184.215.14', '10.0.0.1'],
    [],
  ]
  for (const addresses of leads) {
    const resolve: Resolve = async () =>
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    const { get, reasons } = aReader({ allowLoopback: false, resolve })
    t.equal(await get('https://keys.example/jwks'), undefined, String(addresses))
    t.match(reasons, [/public network|no address/], String(addresses))
  }
  const { get, reasons } = aReader({ resolve: () => Promise.reject(new Error('ENOTFOUND')) })
  t.equal(await get('https://keys.example/jwks'), undefined)
  t.match(reasons, ['its host has no address'])
})

t.test('O2: DNS rebinding: the name is asked once, and what it said is what is connected to', async (t) => {
  // The name itself leads to 127.0.0.1, where nothing listens on this port.
  const { port } = await aKeyServer(t, (response) => response.writeHead(200, json).end(set), '127.0.0.2')
  let asked = 0
  const resolve: Resolve = async () => {
    asked++
    return [{ address: asked === 1 ? '127.0.0.2' : '169.254.169.254', family: 4 }]
  }
  t.same(await aReader({ resolve }).get(`http://localhost:${port}/jwks`), [key])
  t.equal(asked, 1)
})

t.test('O2: answers that are not taken', async (t) => {
  const target = await aKeyServer(t, (response) => response.writeHead(200, json).end(set))
  const answers: Readonly<Record<string, (response: ServerResponse) => void>> = {
    'its status is not 200': (response) => response.writeHead(302, { ...json, location: target.uri }).end(set),
    'its type is not JSON': (response) => response.writeHead(200, { 'content-type': 'text/html' }).end(set),
    'it is compressed': (response) => response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(set),
    'it is too large': (response) => response.writeHead(200, json).end(Buffer.alloc(10 * 1024 * 1024, ' ')),
    'it is not JSON': (response) => response.writeHead(200, json).end('{'),
    'it is not a key set': (response) => response.writeHead(200, json).end('{"keys":{}}'),
    'it broke off': (response) => {
      response.writeHead(200, { ...json, 'content-length': 1000 }).write('{')
      setImmediate(() => response.destroy())
    },
    'it cannot be reached': (response) => response.destroy(),
  }
  for (const [reason, answer] of Object.entries(answers)) {
    const { uri } = await aKeyServer(t, answer)
    const { get, reasons } = aReader()
    t.equal(await get(uri), undefined, reason)
    t.same(reasons, [reason])
  }
  t.equal(target.requests(), 0, 'no redirect was followed')
})

t.test('O2: whoever dawdles is left: with the headers, the body, or the name', async (t) => {
  const slow: readonly ((response: ServerResponse) => void)[] = [
    () => {},
    (response) => {
      response.writeHead(200, json)
      const drip = setInterval(() => response.write(' '), 10)
      response.on('close', () => clearInterval(drip))
    },
  ]
  for (const answer of slow) {
    const { uri } = await aKeyServer(t, answer)
    const { get, reasons } = aReader({ timeout: 150 })
    t.equal(await get(uri), undefined)
    t.same(reasons, ['it took too long'])
  }
  const { get, reasons } = aReader({ timeout: 50, resolve: () => new Promise(() => {}) })
  // Nothing else keeps the process alive meanwhile.
  const alive = setInterval(() => {}, 1000)
  t.equal(await get('https://keys.example/jwks'), undefined)
  clearInterval(alive)
  t.same(reasons, ['it took too long'])
})

t.test('a set is kept five minutes, and read again for an unknown kid after thirty seconds', async (t) => {
  let reads = 0
  const read = async () => ({ keys: [{ ...key, kid: String(++reads) }] })
  const { get, clock } = aReader({ read })
  const kid = async (refetch: boolean) => (await get('https://keys.example/jwks', refetch))?.[0]?.kid

  t.equal(await kid(false), '1')
  clock.advance({ seconds: 29 })
  t.equal(await kid(true), '1', 'cooling down')
  clock.advance({ seconds: 1 })
  t.equal(await kid(false), '1', 'fresh')
  t.equal(await kid(true), '2')
  t.equal(await kid(true), '2', 'cooling down again')
  clock.advance({ seconds: 299 })
  t.equal(await kid(false), '2')
  clock.advance({ seconds: 1 })
  t.equal(await kid(false), '3', 'too old')
})

t.test('a reading that failed is not repeated for thirty seconds, and takes nothing away', async (t) => {
  let fails = true
  let reads = 0
  const read = async () => {
    reads++
    if (fails) throw new Refused('it cannot be reached')
    return { keys: [key] }
  }
  const { get, clock, reasons } = aReader({ read })
  const uri = 'https://keys.example/jwks'
  t.equal(await get(uri), undefined)
  t.equal(await get(uri), undefined)
  t.equal(reads, 1)
  fails = false
  clock.advance({ seconds: 30 })
  t.same(await get(uri), [key])
  fails = true
  clock.advance({ seconds: 30 })
  t.same(await get(uri, true), [key], 'the keys that were known still are')
  t.equal(reads, 3)
  clock.advance({ seconds: 270 })
  t.equal(await get(uri), undefined, 'but no longer than five minutes')
  t.same(reasons, Array(3).fill('it cannot be reached'))
  await t.rejects(aReader({ read: () => Promise.reject(new Error('a bug')) }).get(uri), { message: 'a bug' })
})

t.test('D: requests of one moment share one reading; eight are read at once, and not many wait', async (t) => {
  let running = 0
  let most = 0
  let reads = 0
  const waiting: (() => void)[] = []
  const read = async () => {
    reads++
    most = Math.max(most, ++running)
    await new Promise<void>((resolve) => waiting.push(resolve))
    running--
    return { keys: [key] }
  }
  const finish = async () => {
    await new Promise((resolve) => setImmediate(resolve))
    while (waiting.length > 0) {
      waiting.shift()?.()
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const { get, reasons } = aReader({ read })
  const shared = Array.from({ length: 50 }, () => get('https://keys.example/jwks', true))
  await finish()
  t.same(await Promise.all(shared), Array(50).fill([key]))
  t.equal(reads, 1)

  const many = Array.from({ length: 100 }, (_, index) => get(`https://keys.example/${index}`))
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(running, 8)
  await finish()
  const answers = await Promise.all(many)
  t.equal(most, 8)
  t.equal(answers.filter((keys) => keys !== undefined).length, 8 + 16)
  t.equal(reasons.length, 100 - 8 - 16)
  t.match(reasons[0], 'too many')
  const again = get('https://keys.example/99')
  await finish()
  t.same(await again, [key], 'who was turned away may come again at once')
})

t.test('which addresses are public (RFC 6890)', async (t) => {
  for (const address of ['1.1.1.1', '93.184.215.14', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '2a00:1450::1'])
    t.ok(isPublicAddress(address), address)
  for (const address of ['', 'localhost', '1.1.1', '::', '2001::1', '2001:db8::1', '3fff::1', '4000::1', '198.18.0.1'])
    t.notOk(isPublicAddress(address), address)
  for (const address of ['127.0.0.1', '127.255.255.255', '::1']) t.ok(isLoopbackAddress(address), address)
  for (const address of ['128.0.0.1', '::2', '::ffff:127.0.0.1', '::1%lo', 'localhost'])
    t.notOk(isLoopbackAddress(address), address)
})
