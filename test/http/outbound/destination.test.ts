import t from 'tap'
import { createOutbound, type Outbound, Refused, type Resolve } from '../../../src/http/outbound/index.ts'
import { isLoopbackAddress, isPublicAddress } from '../../../src/http/outbound/public-address.ts'
import { forbidden } from '../../support/forbidden-destinations.ts'

const reasonOf = (outbound: Outbound, uri: string, mayUseNamed = true): Promise<string> =>
  outbound.get(uri, { accept: ['application/json'], mayUseNamed }).then(
    () => 'nothing was refused',
    (error) => (error instanceof Refused ? error.message : String(error)),
  )
const leadingTo =
  (...addresses: readonly string[]): Resolve =>
  async () =>
    addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))

t.test('O2 what is refused before anything is connected to', async (t) => {
  for (const { uri, leads, reason } of forbidden) {
    const resolve = leadingTo(...(leads ?? []))
    const outbound = createOutbound({ allowLoopback: false, resolve })
    t.equal(await reasonOf(outbound, uri), reason, `${uri} ${leads ?? ''}`)
    await t.rejects(
      outbound.post(uri, new URLSearchParams(), { mayUseNamed: true }),
      { message: reason },
      `${uri} posted to`,
    )
  }
})

t.test('O2 a name that does not resolve has no address', async (t) => {
  const outbound = createOutbound({ allowLoopback: false, resolve: () => Promise.reject(new Error('ENOTFOUND')) })
  t.equal(await reasonOf(outbound, 'https://keys.example/'), 'its host has no address')
})

t.test('O2 allowing loopback allows loopback alone', async (t) => {
  const outbound = createOutbound({ allowLoopback: true, resolve: leadingTo('192.168.0.1') })
  for (const uri of [
    'https://10.0.0.1/',
    'https://169.254.169.254/',
    'https://[::ffff:127.0.0.1]/',
    'http://10.0.0.1/',
    'http://0.0.0.0/',
    'http://keys.example/',
    'http://127.0.0.1.example/',
    'http://localhost:6379/',
    'https://keys.example/',
  ])
    t.match(await reasonOf(outbound, uri), /not on the public network|not https|not for the web/, uri)
})

t.test('O2 what the operator names is connected to, and nothing beside it, and over https only', async (t) => {
  const allow = ['10.1.0.0/16', 'fd00:1::/32', '192.168.7.7']
  const reached = 'nothing was refused before it was tried'
  for (const [uri, address, expected] of [
    ['https://keys.example/', '10.1.2.3', reached],
    ['https://10.1.2.3/', '', reached],
    ['https://[fd00:1::5]/', '', reached],
    ['https://192.168.7.7/', '', reached],
    ['https://keys.example/', '10.2.0.1', 'its host is not on the public network'],
    ['https://192.168.7.8/', '', 'its host is not on the public network'],
    ['https://127.0.0.1/', '', 'its host is not on the public network'],
    ['http://10.1.2.3/', '', 'it is not https'],
    ['https://10.1.2.3:22/', '', 'its port is not for the web'],
  ] as const) {
    const outbound = createOutbound({ allowLoopback: false, allow, resolve: leadingTo(address), timeout: 50 })
    const reason = await reasonOf(outbound, uri)
    t.equal(/reached|long/.test(reason) ? reached : reason, expected, `${uri} ${address}`)
  }
})

t.test('O2 what the operator names is opened to nobody for whom it does not answer', async (t) => {
  const reason = 'its host is not on the public network'
  for (const [uri, address] of [
    ['https://keys.example/', '10.1.2.3'],
    ['https://10.1.2.3/', ''],
    ['https://[fd00:1::5]/', ''],
  ] as const) {
    const allow = ['10.1.0.0/16', 'fd00:1::/32']
    const outbound = createOutbound({ allowLoopback: false, allow, resolve: leadingTo(address), timeout: 50 })
    t.equal(await reasonOf(outbound, uri, false), reason, uri)
    await t.rejects(outbound.post(uri, new URLSearchParams(), { mayUseNamed: false }), { message: reason }, uri)
    t.match(await reasonOf(outbound, uri, true), /reached|long/, `${uri} is open to the others of the same door`)
  }
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
