import fc from 'fast-check'
import t from 'tap'
import { networkOf, siteOf } from '../src/network.ts'

t.test('S11 an address has one network, however it is written', async (t) => {
  const table: [string | undefined, string][] = [
    ['1.2.3.4', '1.2.3.4'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::FFFF:1.2.3.4', '1.2.3.4'],
    ['::ffff:0102:0304', '1.2.3.4'],
    ['0:0:0:0:0:ffff:1.2.3.4', '1.2.3.4'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['2001:db8:1:3::1', '2001:db8:1:3::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::1.2.3.4', '64:ff9b:0:0::/64'],
    [undefined, 'unknown'],
    ['', 'unknown'],
    ['1.2.3.4, 5.6.7.8', 'unknown'],
    ['1.2.3.256', 'unknown'],
    ['localhost', 'unknown'],
  ]
  for (const [ip, network] of table) t.equal(networkOf(ip), network, String(ip))
})

t.test('S11 a /64 is one network, two are two, and IPv4 is itself in every form', async () => {
  const group = fc.integer({ min: 0, max: 0xffff })
  const half = fc.array(group, { minLength: 4, maxLength: 4 })
  const write = (groups: readonly number[]): string => groups.map((part) => part.toString(16)).join(':')
  fc.assert(
    fc.property(half, half, half, half, (prefix, other, one, two) => {
      fc.pre(write(prefix) !== write(other) && prefix.some((part) => part !== 0) && other.some((part) => part !== 0))
      const network = networkOf(write([...prefix, ...one]))
      return (
        network === networkOf(write([...prefix, ...two]).toUpperCase()) &&
        network !== networkOf(write([...other, ...one])) &&
        network === networkOf(new URL(`http://[${write([...prefix, ...two])}]`).hostname.slice(1, -1))
      )
    }),
  )
  fc.assert(fc.property(fc.ipV4(), (ip) => networkOf(ip) === ip && networkOf(`::ffff:${ip}`) === ip))
  fc.assert(fc.property(fc.string(), (text) => typeof networkOf(text) === 'string'))
})

t.test('D6 the site of an address is its /48, and IPv4 has none', async (t) => {
  t.equal(siteOf('2001:DB8:1:2::5'), '2001:db8:1::/48')
  t.equal(siteOf('2001:db8:1:ffff:1:2:3:4%eth0'), '2001:db8:1::/48')
  t.not(siteOf('2001:db8:2::1'), siteOf('2001:db8:1::1'))
  for (const ip of ['1.2.3.4', '::ffff:1.2.3.4', 'localhost', '', undefined]) t.equal(siteOf(ip), undefined, String(ip))
})
